package dev.perigee.control.steer;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Puts a newer GeoIP file in the place of one that serves: once it has the checksum that was
 * announced and every record of it was read, and then at once; or not at all.
 */
public final class GeoUpdate {
  private static final int CHECKSUM_FILE_BYTES = 4_096;
  private static final Set<PosixFilePermission> READABLE =
      PosixFilePermissions.fromString("rw-r--r--");

  private final GeoKind kind;
  private final Path serving;
  private final long mostBytes;

  /**
   * Updates of one file.
   *
   * @param serving that a control plane watches; it need not be there yet
   * @param mostBytes that a newer one may have
   */
  public GeoUpdate(GeoKind kind, Path serving, long mostBytes) throws IOException {
    this.kind = kind;
    this.serving = Files.exists(serving) ? serving.toRealPath() : serving.toAbsolutePath();
    this.mostBytes = mostBytes;
  }

  /**
   * What is in place.
   *
   * @param version its SHA-256
   * @param built when its maker built it
   * @param fresh false where it was in place before
   */
  public record Updated(String version, Instant built, long bytes, boolean fresh) {}

  /**
   * Takes a file.
   *
   * @param from a path, or a URL of http or https
   * @param sha256 empty: as the file of that name with {@code .sha256} behind it says
   * @param time for each download
   * @throws IOException with what is wrong; the file that serves is as it was
   */
  public Updated take(String from, Optional<String> sha256, Duration time) throws IOException {
    Path folder = Optional.ofNullable(serving.getParent()).orElseThrow();
    GeoSource source = GeoSource.of(from, time);
    Path fresh = Files.createTempFile(folder, ".geoip", ".new");
    try {
      String wanted = sha256.isPresent() ? sum(sha256.get()) : announced(source, fresh);
      source.write("", fresh, mostBytes);
      byte[] bytes = Files.readAllBytes(fresh);
      if (bytes.length == 0) {
        throw new IOException(from + " is empty");
      }
      GeoFile file = GeoFile.of(kind, bytes);
      if (!file.version().equals(wanted)) {
        throw new IOException(
            "%s has the SHA-256 %s, and was announced with %s: it was cut or changed on its way"
                .formatted(from, file.version(), wanted));
      }
      Instant built = trial(bytes);
      boolean other = !Files.exists(serving) || Files.mismatch(fresh, serving) >= 0;
      if (other) {
        settle(fresh, folder);
      }
      return new Updated(file.version(), built, file.size(), other);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private String announced(GeoSource source, Path fresh) throws IOException {
    if (!source.isAuthentic()) {
      throw new IOException(
          "over http anybody on the way may change both file and checksum:"
              + " give --sha256, or a URL of https");
    }
    try {
      source.write(".sha256", fresh, CHECKSUM_FILE_BYTES);
    } catch (FileNotFoundException e) {
      throw new IOException("no checksum: give --sha256; " + e.getMessage(), e);
    }
    // As sha256sum writes it: the sum, blanks, the name.
    String text = new String(Files.readAllBytes(fresh), StandardCharsets.ISO_8859_1).strip();
    return sum(text.split("\\s", 2)[0]);
  }

  private static String sum(String text) throws IOException {
    if (!text.matches("[0-9A-Fa-f]{64}")) {
      throw new IOException("a SHA-256 has 64 hexadecimal digits");
    }
    return text.toLowerCase(Locale.ROOT);
  }

  private Instant trial(byte[] bytes) throws IOException {
    if (bytes.length > 1 && bytes[0] == 0x1f && (bytes[1] & 0xff) == 0x8b) {
      throw new IOException("it is compressed with gzip: unpack it, and give what is in it");
    }
    GeoRecords.requireWhole(bytes);
    return switch (kind) {
      case CITY, OVERRIDE -> GeoRecords.of(bytes).metadata().buildTime();
      case ASN -> AsnDatabase.parse(bytes).buildTime();
    };
  }

  private void settle(Path fresh, Path folder) throws IOException {
    Files.setPosixFilePermissions(
        fresh, Files.exists(serving) ? Files.getPosixFilePermissions(serving) : READABLE);
    try (FileChannel content = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      content.force(true);
    }
    Files.move(fresh, serving, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
  }
}
