package dev.perigee.control.steer;

import com.maxmind.geoip2.exception.GeoIp2Exception;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GeoIP file of cities, taken anew when it changes. A broken file is refused while the one before
 * goes on serving.
 */
public final class GeoDatabase implements GeoLocator, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GeoDatabase.class);
  private static final Duration EVERY = Duration.ofSeconds(1);

  private final Path file;
  private final InstantSource clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile GeoRecords records;
  private Stamp lastSeen;

  /**
   * Opens the file and watches it.
   *
   * @throws IOException when it cannot be read or is no GeoIP file
   */
  public GeoDatabase(Path file, InstantSource clock) throws IOException {
    this(file, clock, EVERY);
  }

  /** Also how often to look whether the file changed. */
  GeoDatabase(Path file, InstantSource clock, Duration every) throws IOException {
    this.file = file;
    this.clock = clock;
    this.lastSeen = Stamp.of(file);
    byte[] bytes = Files.readAllBytes(file);
    this.records = GeoRecords.of(bytes);
    Thread.ofVirtual().name("geoip-watch").start(() -> watch(bytes, every));
  }

  @Override
  public Optional<Location> locate(InetAddress address) {
    try {
      return records.find(address);
    } catch (IOException | GeoIp2Exception | RuntimeException | StackOverflowError e) {
      LOG.debug("no position for {}", address, e);
      return Optional.empty();
    }
  }

  /** Since when the file that serves was built. */
  public Duration age() {
    return Duration.between(records.metadata().buildTime(), clock.instant());
  }

  /** Takes the file anew if it changed and every record of it can be read; whether it did. */
  public synchronized boolean reloadIfChanged() {
    try {
      Stamp now = Stamp.of(file);
      if (now.equals(lastSeen)) {
        return false;
      }
      lastSeen = now;
      byte[] bytes = Files.readAllBytes(file);
      GeoRecords.requireWhole(bytes);
      records = GeoRecords.of(bytes);
      LOG.info("GeoIP file {} taken, built {}", file, records.metadata().buildTime());
      return true;
    } catch (IOException | RuntimeException e) {
      String why = e instanceof NoSuchFileException ? "there is no such file" : e.getMessage();
      LOG.error("GeoIP file {} refused, the one before goes on serving: {}", file, why);
      return false;
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void watch(byte[] first, Duration every) {
    checkWhole(first);
    try {
      while (!closed.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
        reloadIfChanged();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The first file serves as it is, for there is none to keep; what is broken in it is named. */
  private void checkWhole(byte[] first) {
    try {
      GeoRecords.requireWhole(first);
    } catch (IOException e) {
      LOG.error("GeoIP file {} is damaged, part of it is not known: {}", file, e.getMessage());
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
