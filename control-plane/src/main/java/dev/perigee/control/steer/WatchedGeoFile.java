package dev.perigee.control.steer;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GeoIP file that is taken anew when it changes. A broken file is refused while the one before
 * goes on serving.
 *
 * @param <T> what is made of its bytes
 */
final class WatchedGeoFile<T> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WatchedGeoFile.class);

  private final GeoKind kind;
  private final Path path;
  private final Parser<T> parser;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Taken<T> taken;
  private Stamp lastSeen;

  /** Makes something of a file's bytes, and looks no further than it must. */
  interface Parser<T> {
    T parse(byte[] bytes) throws IOException;
  }

  /** What serves; the file is there once every record of it was read. */
  private record Taken<T>(T content, Optional<GeoFile> file) {}

  /**
   * Opens the file and watches it.
   *
   * @param every how often to look whether it changed
   * @throws IOException when it cannot be read or the parser refuses it
   */
  WatchedGeoFile(GeoKind kind, Path path, Duration every, Parser<T> parser) throws IOException {
    this.kind = kind;
    this.path = path;
    this.parser = parser;
    this.lastSeen = Stamp.of(path);
    byte[] bytes = Files.readAllBytes(path);
    Taken<T> first = new Taken<>(parser.parse(bytes), Optional.empty());
    this.taken = first;
    Thread.ofVirtual().name("geoip-watch").start(() -> watch(first, bytes, every));
  }

  T content() {
    return taken.content();
  }

  /** What edges may be given; empty until it is known to be whole. */
  Optional<GeoFile> file() {
    return taken.file();
  }

  /** Takes the file anew if it changed and every record of it can be read; whether it did. */
  synchronized boolean reloadIfChanged() {
    try {
      Stamp now = Stamp.of(path);
      if (now.equals(lastSeen)) {
        return false;
      }
      lastSeen = now;
      byte[] bytes = Files.readAllBytes(path);
      GeoRecords.requireWhole(bytes);
      GeoFile file = GeoFile.of(kind, bytes);
      taken = new Taken<>(parser.parse(bytes), Optional.of(file));
      LOG.info("GeoIP file {} taken, version {}", path, file.version());
      return true;
    } catch (IOException | RuntimeException e) {
      String why = e instanceof NoSuchFileException ? "there is no such file" : e.getMessage();
      LOG.error("GeoIP file {} refused, the one before goes on serving: {}", path, why);
      return false;
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void watch(Taken<T> first, byte[] bytes, Duration every) {
    checkWhole(first, bytes);
    try {
      while (!closed.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
        reloadIfChanged();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The first file serves here as it is, for there is none to keep; what is broken in it is named,
   * and no edge gets it.
   */
  private void checkWhole(Taken<T> first, byte[] bytes) {
    try {
      GeoRecords.requireWhole(bytes);
      GeoFile file = GeoFile.of(kind, bytes);
      synchronized (this) {
        if (taken.file().isEmpty()) {
          taken = new Taken<>(first.content(), Optional.of(file));
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("GeoIP file {} is damaged, part of it is not known: {}", path, e.getMessage());
    }
  }

  private record Stamp(FileTime modified, long size) {
    private static final Stamp NONE = new Stamp(FileTime.fromMillis(0), -1);

    /**
     * A file that cannot be seen has a stamp too, so that it is named once and not every second.
     */
    static Stamp of(Path file) {
      try {
        return new Stamp(Files.getLastModifiedTime(file), Files.size(file));
      } catch (IOException e) {
        return NONE;
      }
    }
  }
}
