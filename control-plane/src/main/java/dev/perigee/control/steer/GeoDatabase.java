package dev.perigee.control.steer;

import com.maxmind.geoip2.exception.GeoIp2Exception;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A GeoIP file of cities, taken anew when it changes. */
public final class GeoDatabase implements GeoLocator, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GeoDatabase.class);

  /** How often to look whether the file changed. */
  static final Duration EVERY = Duration.ofSeconds(1);

  private final InstantSource clock;
  private final WatchedGeoFile<GeoRecords> watched;

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
    this.clock = clock;
    this.watched = new WatchedGeoFile<>(GeoKind.CITY, file, every, GeoRecords::of);
  }

  @Override
  public Optional<Location> locate(InetAddress address) {
    try {
      return watched.content().find(address);
    } catch (IOException | GeoIp2Exception | RuntimeException | StackOverflowError e) {
      LOG.debug("no position for {}", address, e);
      return Optional.empty();
    }
  }

  /** Since when the file that serves was built. */
  public Duration age() {
    return Duration.between(watched.content().metadata().buildTime(), clock.instant());
  }

  /** What edges may be given; empty until every record was read. */
  public Optional<GeoFile> file() {
    return watched.file();
  }

  /** Takes the file anew if it changed and every record of it can be read; whether it did. */
  public boolean reloadIfChanged() {
    return watched.reloadIfChanged();
  }

  @Override
  public void close() {
    watched.close();
  }
}
