package dev.perigee.control.steer;

import com.maxmind.db.InvalidDatabaseException;
import com.maxmind.db.InvalidNetworkException;
import com.maxmind.db.Reader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GeoIP file, of MaxMind's city shape or with flat records, taken anew when it changes. A broken
 * file is refused while the one before goes on serving.
 */
public final class GeoDatabase implements GeoLocator, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GeoDatabase.class);

  private final Path file;
  private final InstantSource clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Loaded loaded;
  private Stamp lastSeen;

  /**
   * Opens the file and watches it.
   *
   * @throws IOException when it cannot be read or is no GeoIP file
   */
  public GeoDatabase(Path file, InstantSource clock) throws IOException {
    this.file = file;
    this.clock = clock;
    this.lastSeen = Stamp.of(file);
    this.loaded = load(file);
    Thread.ofVirtual().name("geoip-watch").start(this::watch);
  }

  @Override
  public Optional<Location> locate(InetAddress address) {
    try {
      var found = loaded.reader().getRecord(address, Map.class);
      Map<?, ?> entry = found.data();
      if (entry == null) {
        return Optional.empty();
      }
      var place = entry.get("location") instanceof Map<?, ?> nested ? nested : entry;
      if (!(place.get("latitude") instanceof Number latitude)
          || !(place.get("longitude") instanceof Number longitude)) {
        return Optional.empty();
      }
      return Optional.of(
          new Location(
              latitude.doubleValue(),
              longitude.doubleValue(),
              country(entry),
              found.network().prefixLength()));
    } catch (IOException | RuntimeException e) {
      LOG.debug("no position for {}", address, e);
      return Optional.empty();
    }
  }

  /** Since when the file that serves was built. */
  public Duration age() {
    return Duration.between(loaded.reader().getMetadata().buildTime(), clock.instant());
  }

  /** Takes the file anew if it changed; whether it did. */
  public synchronized boolean reloadIfChanged() {
    try {
      var now = Stamp.of(file);
      if (now.equals(lastSeen)) {
        return false;
      }
      lastSeen = now;
      loaded = load(file);
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.error("GeoIP file {} refused, the one before goes on serving", file, e);
      return false;
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void watch() {
    try {
      while (!closed.await(1, TimeUnit.SECONDS)) {
        reloadIfChanged();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads all into memory, so that a file overwritten in place cannot harm readers. */
  private static Loaded load(Path file) throws IOException {
    try {
      var reader = new Reader(new ByteArrayInputStream(Files.readAllBytes(file)));
      var networks = reader.networks(Map.class);
      for (int i = 0; i < 64 && networks.hasNext(); i++) {
        networks.next();
      }
      return new Loaded(reader);
    } catch (InvalidNetworkException | RuntimeException e) {
      throw new InvalidDatabaseException("not a GeoIP file: " + e.getMessage());
    }
  }

  private static String country(Map<?, ?> entry) {
    if (entry.get("country_code") instanceof String code) {
      return code;
    }
    return entry.get("country") instanceof Map<?, ?> nested ? text(nested.get("iso_code")) : "";
  }

  private static String text(@Nullable Object value) {
    return value instanceof String string ? string : "";
  }

  private record Loaded(Reader reader) {}

  private record Stamp(FileTime modified, long size) {
    static Stamp of(Path file) throws IOException {
      return new Stamp(Files.getLastModifiedTime(file), Files.size(file));
    }
  }
}
