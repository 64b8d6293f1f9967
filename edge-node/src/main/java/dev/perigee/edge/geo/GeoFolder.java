package dev.perigee.edge.geo;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The databases on the node's disk, one file of a kind, whose name has its SHA-256: so that the
 * last good one is known without asking anybody, and a damaged one is not taken for it.
 */
final class GeoFolder {
  private static final Logger LOG = LoggerFactory.getLogger(GeoFolder.class);
  private static final String SUFFIX = ".mmdb";
  private static final Pattern VERSION = Pattern.compile("[0-9a-f]{64}");
  private static final int BUFFER = 1 << 16;

  private final Path folder;

  GeoFolder(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
  }

  /** Where a database of the kind may be received. */
  Path part(GeoKind kind) {
    return folder.resolve(kind.token() + ".part");
  }

  /** Bytes that the disk has left for the node. */
  long room() throws IOException {
    return Files.getFileStore(folder).getUsableSpace();
  }

  /** The last good database of a kind; whatever else there is of the kind is deleted. */
  Optional<GeoRecords> open(GeoKind kind) throws IOException {
    Files.deleteIfExists(part(kind));
    Optional<GeoRecords> good = Optional.empty();
    for (Path file : files(kind)) {
      if (good.isEmpty()) {
        good = open(kind, file);
      }
      if (good.isEmpty() || !file.equals(file(kind, good.get().holding().version()))) {
        Files.deleteIfExists(file);
      }
    }
    return good;
  }

  private Optional<GeoRecords> open(GeoKind kind, Path file) {
    try {
      String version = version(kind, file);
      if (!digest(file).equals(version)) {
        throw new IOException("its bytes are not what its name says");
      }
      return Optional.of(GeoRecords.open(kind, version, file));
    } catch (IOException e) {
      LOG.warn("the GeoIP database {} is damaged and deleted: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  /** Makes what was received the last good one; synced when this returns. */
  void keep(GeoKind kind, String version, Path part) throws IOException {
    Path kept = file(kind, version);
    Files.move(part, kept, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync();
    for (Path file : files(kind)) {
      if (!file.equals(kept)) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Deletes all of a kind; synced when this returns. */
  void drop(GeoKind kind) throws IOException {
    for (Path file : files(kind)) {
      Files.deleteIfExists(file);
    }
    sync();
  }

  private void sync() throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private Path file(GeoKind kind, String version) {
    return folder.resolve(kind.token() + "-" + version + SUFFIX);
  }

  private static String version(GeoKind kind, Path file) {
    String name = String.valueOf(file.getFileName());
    int from = kind.token().length() + 1;
    return name.length() <= from + SUFFIX.length()
        ? ""
        : name.substring(from, name.length() - SUFFIX.length());
  }

  /** All of a kind, the newest first. */
  private List<Path> files(GeoKind kind) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> String.valueOf(file.getFileName()).startsWith(kind.token() + "-"))
          .filter(file -> VERSION.matcher(version(kind, file)).matches())
          .sorted(Comparator.comparingLong(GeoFolder::modified).reversed())
          .toList();
    } catch (UncheckedIOException e) {
      throw new IOException(e);
    }
  }

  private static long modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toMillis();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest = GeoFile.sha256();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
