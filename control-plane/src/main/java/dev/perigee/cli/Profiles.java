package dev.perigee.cli;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Control planes under names of the user's own: a file each in {@code
 * $XDG_CONFIG_HOME/perigee/profiles}, mode 600, as a token may be in it; and which one is used.
 */
final class Profiles {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final int MAX_BYTES = 64 * 1024;
  private static final int MOST = 1_000;

  private final Path folder;

  /**
   * One control plane.
   *
   * @param token kept in the profile itself
   * @param tokenFile read at each use
   * @param caFile PEM trusted besides the system's
   */
  record Profile(
      String name,
      String api,
      Optional<String> token,
      Optional<Path> tokenFile,
      Optional<Path> caFile) {}

  private Profiles(Path folder) {
    this.folder = folder;
  }

  /** Those of whoever runs this. */
  static Profiles of(Map<String, String> env) {
    String config = env.getOrDefault("XDG_CONFIG_HOME", "");
    String home = env.getOrDefault("HOME", System.getProperty("user.home", "."));
    // A relative path there is to be ignored (XDG Base Directory).
    Path base = Path.of(config).isAbsolute() ? Path.of(config) : Path.of(home, ".config");
    return new Profiles(base.resolve("perigee"));
  }

  /** The one of this name. */
  Profile named(String name) {
    Path file = file(name);
    if (!Files.exists(file)) {
      throw new Failure(
          Failure.USAGE,
          "there is no profile "
              + name
              + ": see perigee profile list, or perigee profile add "
              + name
              + " --api URL");
    }
    Properties properties = new Properties();
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("too long");
      }
      properties.load(new StringReader(Files.readString(file)));
    } catch (IOException | IllegalArgumentException e) {
      throw new Failure(
          Failure.USAGE, "the profile " + file + " cannot be read: remove it and add it again");
    }
    return new Profile(
        name,
        text(properties, "api").orElse(""),
        text(properties, "token"),
        text(properties, "token-file").map(Path::of),
        text(properties, "ca-file").map(Path::of));
  }

  private static Optional<String> text(Properties properties, String key) {
    return Optional.ofNullable(properties.getProperty(key)).filter(value -> !value.isEmpty());
  }

  /** All names, in order. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    Path all = folder.resolve("profiles");
    if (!Files.isDirectory(all)) {
      return names;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(all)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (NAME.matcher(name).matches() && names.size() < MOST) {
          names.add(name);
        }
      }
    } catch (IOException e) {
      throw cannot("read", all, e);
    }
    names.sort(null);
    return names;
  }

  /** The name of the one that is used where nothing else is said. */
  Optional<String> used() {
    Path file = folder.resolve("profile");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(file).strip()).filter(name -> !name.isEmpty());
    } catch (IOException e) {
      throw cannot("read", file, e);
    }
  }

  /** Uses this one from now on. */
  void use(String name) {
    named(name);
    write(folder.resolve("profile"), name + "\n");
  }

  /** Uses none from now on. */
  void useNone() {
    try {
      Files.deleteIfExists(folder.resolve("profile"));
    } catch (IOException e) {
      throw cannot("remove", folder.resolve("profile"), e);
    }
  }

  /** Keeps it, in place of one of the same name. */
  void keep(Profile profile) {
    StringBuilder text = new StringBuilder();
    line(text, "api", profile.api());
    profile.token().ifPresent(token -> line(text, "token", token));
    profile.tokenFile().ifPresent(file -> line(text, "token-file", file.toString()));
    profile.caFile().ifPresent(file -> line(text, "ca-file", file.toString()));
    write(file(profile.name()), text.toString());
  }

  private static void line(StringBuilder text, String key, String value) {
    text.append(key).append('=').append(value.replace("\\", "\\\\")).append('\n');
  }

  /** Forgets it. */
  void remove(String name) {
    named(name);
    try {
      Files.delete(file(name));
      if (used().filter(name::equals).isPresent()) {
        Files.delete(folder.resolve("profile"));
      }
    } catch (IOException e) {
      throw cannot("remove", file(name), e);
    }
  }

  private Path file(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new Failure(
          Failure.USAGE,
          "a profile's name has letters, digits, dots, _ and -, 63 at most: " + name);
    }
    return folder.resolve("profiles").resolve(name);
  }

  /** Written whole, for its owner's eyes alone, or not at all. */
  private static void write(Path file, String text) {
    Path parent = file.toAbsolutePath().getParent();
    Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
    try {
      if (parent != null) {
        Files.createDirectories(
            parent,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      Files.deleteIfExists(fresh);
      try (FileChannel channel =
          FileChannel.open(
              fresh,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw cannot("write", file, e);
    }
  }

  private static Failure cannot(String what, Path file, IOException e) {
    return new Failure(Failure.USAGE, "cannot %s %s: %s".formatted(what, file, e.getMessage()));
  }
}
