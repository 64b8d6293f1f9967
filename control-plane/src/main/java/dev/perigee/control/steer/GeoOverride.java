package dev.perigee.control.steer;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A locator that asks an operator's own GeoIP file first, and another locator about addresses of
 * which that file knows no position. It is taken anew when it changes.
 */
public final class GeoOverride implements GeoLocator, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GeoOverride.class);

  private final WatchedGeoFile<GeoRecords.OfOthers> watched;
  private final GeoLocator then;

  /**
   * Opens the file and watches it.
   *
   * @throws IOException when it cannot be read or is no GeoIP file
   */
  public GeoOverride(Path file, GeoLocator then) throws IOException {
    this(file, then, GeoDatabase.EVERY);
  }

  /** Also how often to look whether the file changed. */
  GeoOverride(Path file, GeoLocator then, Duration every) throws IOException {
    this.then = then;
    this.watched = new WatchedGeoFile<>(GeoKind.OVERRIDE, file, every, GeoRecords.OfOthers::of);
  }

  @Override
  public Optional<Location> locate(InetAddress address) {
    GeoRecords.Answer own = ask(address);
    return own.location()
        .or(() -> then.locate(address).map(found -> found.within(own.prefixLength())));
  }

  private GeoRecords.Answer ask(InetAddress address) {
    try {
      return watched.content().answer(address);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      LOG.debug("no position for {}", address, e);
      return new GeoRecords.Answer(Optional.empty(), address.getAddress().length * Byte.SIZE);
    }
  }

  /** The file, for edges too; empty until every record was read. */
  public Optional<GeoFile> file() {
    return watched.file();
  }

  /** Takes the file anew if it changed and every record of it can be read; whether it did. */
  boolean reloadIfChanged() {
    return watched.reloadIfChanged();
  }

  @Override
  public void close() {
    watched.close();
  }
}
