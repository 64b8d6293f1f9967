package dev.perigee.cli;

import dev.perigee.keys.SealingKeys;
import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The check of an options file, as {@code --config} of a control plane or node takes it, and of the
 * files that it names. What an option's value means is the process's to say, when it starts.
 */
final class SettingsCheck {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_PEM = 256 << 10;
  private static final List<String> PAIRS = List.of("api", "steer");
  private static final List<String> PUBLIC =
      List.of(
          "geoip-database", "geoip-override", "geoip-asn-database", "oidc-ca-file", "acme-ca-file");

  /** Options that a node takes on its command line alone. */
  private static final Set<String> LINE_ALONE = Set.of("config", "help");

  private static final Set<PosixFilePermission> OWNERS =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path file;
  private final Instant now;
  private final SecureRandom random;
  private final Properties options = new Properties();
  private final List<Finding> found = new ArrayList<>();

  SettingsCheck(Path file, Instant now, SecureRandom random) {
    this.file = file;
    this.now = now;
    this.random = random;
  }

  /** Whose options they are. */
  private enum Program {
    CONTROL("control", "a control plane"),
    EDGE("edge", "a node");

    private final String command;
    private final String text;

    Program(String command, String text) {
      this.command = command;
      this.text = text;
    }

    Set<String> unknown(Set<String> keys) {
      Set<String> known =
          LauncherOptions.all().stream()
              .filter(one -> one.command().equals(command))
              .map(one -> one.name().replaceFirst("^-+", ""))
              .collect(Collectors.toSet());
      if (this == EDGE) {
        known.removeAll(LINE_ALONE);
      }
      Set<String> unknown = new TreeSet<>(keys);
      unknown.removeAll(known);
      return unknown;
    }
  }

  /** All findings. */
  List<Finding> run() {
    try {
      options.load(new StringReader(text(file, MAX_BYTES)));
    } catch (IOException | IllegalArgumentException e) {
      fail("cannot be read: " + e.getMessage(), "give the file that the process starts with");
      return found;
    }
    names();
    if (options.containsKey("join") || value("database-url").contains("password=")) {
      mode(file);
    }
    PAIRS.forEach(this::pair);
    path("key-file").ifPresent(this::keys);
    path("operator-token-file").filter(Files::exists).ifPresent(this::mode);
    for (String name : PUBLIC) {
      path(name).ifPresent(this::readable);
    }
    return found;
  }

  /** The state folder that it names. */
  Optional<Path> stateDir() {
    return path("state-dir");
  }

  private void names() {
    Set<String> keys = options.stringPropertyNames();
    Set<String> ofControl = Program.CONTROL.unknown(keys);
    Set<String> ofEdge = Program.EDGE.unknown(keys);
    Program program = ofEdge.size() < ofControl.size() ? Program.EDGE : Program.CONTROL;
    Set<String> unknown = program.unknown(keys);
    if (unknown.isEmpty()) {
      String whose = ofControl.size() == ofEdge.size() ? "a control plane or a node" : program.text;
      found.add(Finding.ok(file.toString(), "%d options of %s".formatted(keys.size(), whose)));
    } else {
      fail(
          "unknown to %s: %s".formatted(program.text, String.join(", ", unknown)),
          "it does not start with these; perigee %s --help names all".formatted(program.command));
    }
  }

  private void pair(String of) {
    String certificate = of + "-certificate";
    String key = of + "-key";
    if (value(certificate).isEmpty() && value(key).isEmpty()) {
      return;
    }
    Optional<Path> certificateFile = path(certificate);
    Optional<Path> keyFile = path(key);
    if (certificateFile.isEmpty() || keyFile.isEmpty()) {
      fail(
          "%s without the other".formatted(certificateFile.isEmpty() ? key : certificate),
          "give both %s and %s, or neither".formatted(certificate, key));
      return;
    }
    try {
      String chain = text(certificateFile.get(), MAX_PEM);
      ServerCertificate pair = ServerCertificate.read(chain, text(keyFile.get(), MAX_PEM));
      Instant begin = pair.notBefore();
      String todo = "put a newer one in its place, with its key: it is taken without a restart";
      found.add(
          begin.isAfter(now)
              ? Finding.fail(
                  certificateFile.get().toString(), "is valid from %s on".formatted(begin), todo)
              : DoctorPolicy.expiry(certificateFile.get().toString(), pair.notAfter(), now, todo));
    } catch (IOException e) {
      found.add(
          Finding.fail(
              "%s with %s".formatted(certificateFile.get(), keyFile.get()),
              String.valueOf(e.getMessage()),
              "put a certificate and its own key there, readable for the user of the process"));
    }
    if (Files.exists(keyFile.get())) {
      mode(keyFile.get());
    }
  }

  private void keys(Path keyFile) {
    try {
      List<String> ids = SealingKeys.of(keyFile, random).ids();
      found.add(Finding.ok(keyFile.toString(), "keys " + String.join(" ", ids)));
    } catch (IOException e) {
      found.add(
          Finding.fail(
              keyFile.toString(),
              String.valueOf(e.getMessage()),
              "the process does not start without it; what it sealed is lost with it"));
    }
  }

  private void readable(Path named) {
    found.add(
        Files.isRegularFile(named) && Files.isReadable(named)
            ? Finding.ok(named.toString(), "readable")
            : Finding.fail(
                named.toString(),
                "no file that can be read" + from(named),
                "is it spelled right?"));
  }

  /** A secret is its owner's alone. */
  private void mode(Path secret) {
    try {
      found.add(
          OWNERS.containsAll(Files.getPosixFilePermissions(secret))
              ? Finding.ok(secret.toString(), "its owner's alone")
              : Finding.fail(
                  secret.toString(),
                  "has a secret, and its mode is not 600",
                  "chmod 600 %s, and chown it to the user of the process".formatted(secret)));
    } catch (IOException e) {
      found.add(Finding.fail(secret.toString(), "cannot be seen", "run this as its owner"));
    }
  }

  private void fail(String says, String todo) {
    found.add(Finding.fail(file.toString(), says, todo));
  }

  private String value(String name) {
    return options.getProperty(name, "");
  }

  private Optional<Path> path(String name) {
    try {
      return Optional.of(value(name)).filter(text -> !text.isEmpty()).map(Path::of);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static String text(Path named, int most) throws IOException {
    try {
      if (Files.size(named) > most) {
        throw new IOException("%s has more than %d bytes".formatted(named, most));
      }
      return Files.readString(named, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + named + from(named), e);
    } catch (AccessDeniedException e) {
      throw new IOException("%s may not be read by this user".formatted(named), e);
    }
  }

  private static String from(Path named) {
    return named.isAbsolute() ? "" : " from here, " + Path.of("").toAbsolutePath();
  }
}
