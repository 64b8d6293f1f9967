package dev.perigee.control.steer;

import com.maxmind.db.CHMCache;
import com.maxmind.db.InvalidDatabaseException;
import com.maxmind.db.InvalidNetworkException;
import com.maxmind.db.Network;
import com.maxmind.db.Networks;
import com.maxmind.db.Reader;
import com.maxmind.geoip2.DatabaseReader;
import com.maxmind.geoip2.exception.GeoIp2Exception;
import com.maxmind.geoip2.model.CityResponse;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GeoIP file of MaxMind's city shape, taken anew when it changes. A broken file is refused while
 * the one before goes on serving.
 */
public final class GeoDatabase implements GeoLocator, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GeoDatabase.class);

  private final Path file;
  private final InstantSource clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile DatabaseReader reader;
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
    this.reader = reader(Files.readAllBytes(file));
    Thread.ofVirtual().name("geoip-watch").start(this::watch);
  }

  @Override
  public Optional<Location> locate(InetAddress address) {
    try {
      return reader.tryCity(address).flatMap(GeoDatabase::location);
    } catch (IOException | GeoIp2Exception | RuntimeException e) {
      LOG.debug("no position for {}", address, e);
      return Optional.empty();
    }
  }

  private static Optional<Location> location(CityResponse found) {
    Double latitude = found.location().latitude();
    Double longitude = found.location().longitude();
    String country = found.country().isoCode();
    Network network = found.traits().network();
    return latitude == null || longitude == null || network == null
        ? Optional.empty()
        : Optional.of(
            new Location(
                latitude, longitude, country == null ? "" : country, network.prefixLength()));
  }

  /** Since when the file that serves was built. */
  public Duration age() {
    return Duration.between(reader.metadata().buildTime(), clock.instant());
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
      requireWhole(bytes);
      reader = reader(bytes);
      LOG.info("GeoIP file {} taken, built {}", file, reader.metadata().buildTime());
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.error("GeoIP file {} refused, the one before goes on serving: {}", file, e.getMessage());
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

  /** From memory, so that a file overwritten in place cannot harm readers. */
  private static DatabaseReader reader(byte[] bytes) throws IOException {
    try {
      DatabaseReader made =
          new DatabaseReader.Builder(new ByteArrayInputStream(bytes))
              .withCache(new CHMCache())
              .build();
      made.tryCity(InetAddress.getLoopbackAddress());
      return made;
    } catch (GeoIp2Exception | RuntimeException e) {
      throw new InvalidDatabaseException("not a GeoIP file of cities: " + e.getMessage());
    }
  }

  /**
   * Reads every record: a file that is broken further in must not take the place of a sound one.
   */
  private static void requireWhole(byte[] bytes) throws IOException {
    try (Reader all = new Reader(new ByteArrayInputStream(bytes), new CHMCache())) {
      Networks<?> networks = all.networks(Map.class);
      while (networks.hasNext()) {
        networks.next();
      }
    } catch (InvalidNetworkException | RuntimeException e) {
      throw new InvalidDatabaseException("a record cannot be read: " + e.getMessage());
    }
  }

  private record Stamp(FileTime modified, long size) {
    static Stamp of(Path file) throws IOException {
      return new Stamp(Files.getLastModifiedTime(file), Files.size(file));
    }
  }
}
