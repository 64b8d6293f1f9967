package dev.perigee.control.tls;

import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate and its key in two files, which are read again when they change. What is broken is
 * named, and the pair before goes on being shown. Both files are read once neither has changed
 * between two looks: they are two, and whoever replaces them does one after the other.
 */
public final class CertificateFiles implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateFiles.class);
  private static final int MAX_BYTES = 256 * 1024;
  private static final Duration SOON = Duration.ofDays(21);
  private static final Duration BETWEEN_WARNINGS = Duration.ofDays(1);

  private final String what;
  private final Path certificate;
  private final Path key;
  private final InstantSource clock;
  private final List<Consumer<ServerCertificate>> listeners = new CopyOnWriteArrayList<>();
  private volatile ServerCertificate current;
  private Stamps seen;
  private Stamps taken;
  private Optional<Instant> warned = Optional.empty();

  /** Why the files as they are were refused, so that it is said once. */
  private String refused = "";

  private CertificateFiles(
      String what, Path certificate, Path key, InstantSource clock, Stamps stamps)
      throws IOException {
    this.what = what;
    this.certificate = certificate;
    this.key = key;
    this.clock = clock;
    this.seen = stamps;
    this.taken = stamps;
    this.current = read();
  }

  /**
   * Reads both files.
   *
   * @param what they are of, for logs: "API"
   * @throws IOException when one cannot be read or they do not fit together
   */
  public static CertificateFiles open(String what, Path certificate, Path key, InstantSource clock)
      throws IOException {
    Stamps stamps = Stamps.of(certificate, key);
    CertificateFiles files = new CertificateFiles(what, certificate, key, clock, stamps);
    files.warn();
    return files;
  }

  @Override
  public ServerCertificate current() {
    return current;
  }

  @Override
  public synchronized void follow(Consumer<ServerCertificate> listener) {
    listener.accept(current);
    listeners.add(listener);
  }

  /** Takes the files anew if they changed, and warns of an expiry; called again and again. */
  public synchronized void look() {
    Stamps now = Stamps.of(certificate, key);
    boolean settled = now.equals(seen);
    seen = now;
    if (settled && !now.equals(taken) && isTaken()) {
      taken = now;
      refused = "";
    }
    warn();
  }

  /** What is refused is looked at again: its owner or mode may change, and clocks may. */
  private boolean isTaken() {
    try {
      ServerCertificate fresh = read();
      if (fresh.notAfter().isBefore(clock.instant())) {
        throw new IOException("expired at " + fresh.notAfter());
      }
      if (fresh.notBefore().isAfter(clock.instant())) {
        throw new IOException("is valid from " + fresh.notBefore() + " on");
      }
      listeners.forEach(listener -> listener.accept(fresh));
      current = fresh;
      warned = Optional.empty();
      LOG.info("{} certificate {} taken: {}", what, certificate, fresh);
      return true;
    } catch (IOException | RuntimeException e) {
      String why = String.valueOf(e.getMessage());
      if (!why.equals(refused)) {
        refused = why;
        LOG.error(
            "{} certificate {} refused, the one before goes on being shown: {}",
            what,
            certificate,
            why);
      }
      return false;
    }
  }

  /** Once a day, from three weeks before the end on. */
  private void warn() {
    Instant now = clock.instant();
    Duration left = Duration.between(now, current.notAfter());
    boolean lately =
        warned
            .filter(at -> Duration.between(at, now).abs().compareTo(BETWEEN_WARNINGS) < 0)
            .isPresent();
    if (lately || left.compareTo(SOON) > 0) {
      return;
    }
    warned = Optional.of(now);
    if (left.isNegative()) {
      LOG.error(
          "{} certificate {} expired at {}: put a newer one in its place, it is taken without a"
              + " restart",
          what,
          certificate,
          current.notAfter());
    } else {
      LOG.warn(
          "{} certificate {} expires in {} days: put a newer one in its place, it is taken without"
              + " a restart",
          what,
          certificate,
          left.toDays());
    }
  }

  private ServerCertificate read() throws IOException {
    String chain = text(certificate);
    String pem = text(key);
    try {
      return ServerCertificate.read(chain, pem);
    } catch (IOException e) {
      throw new IOException("%s with %s: %s".formatted(certificate, key, e.getMessage()), e);
    }
  }

  private static String text(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException(file + " has more than " + MAX_BYTES + " bytes");
      }
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + file, e);
    }
  }

  /** What shows that one of the files is another one than before. */
  private record Stamps(String certificate, String key) {
    static Stamps of(Path certificate, Path key) {
      return new Stamps(stamp(certificate), stamp(key));
    }

    /** A file that cannot be seen has a stamp too: it is named once, not at every look. */
    private static String stamp(Path file) {
      try {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        return now.fileKey() + " " + now.lastModifiedTime() + " " + now.size();
      } catch (IOException e) {
        return "none";
      }
    }
  }
}
