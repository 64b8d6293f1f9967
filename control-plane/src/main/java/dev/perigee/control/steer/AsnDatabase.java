package dev.perigee.control.steer;

import com.maxmind.db.CHMCache;
import com.maxmind.db.InvalidDatabaseException;
import com.maxmind.db.InvalidNetworkException;
import com.maxmind.db.Metadata;
import com.maxmind.db.Networks;
import com.maxmind.db.Reader;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A GeoIP file of autonomous systems, taken anew when it changes. It is kept for the edges: nothing
 * is steered by it.
 */
public final class AsnDatabase implements AutoCloseable {
  private final WatchedGeoFile<Metadata> watched;

  /**
   * Opens the file and watches it.
   *
   * @throws IOException when it cannot be read or is no such file
   */
  public AsnDatabase(Path file) throws IOException {
    this(file, GeoDatabase.EVERY);
  }

  /** Also how often to look whether the file changed. */
  AsnDatabase(Path file, Duration every) throws IOException {
    this.watched = new WatchedGeoFile<>(GeoKind.ASN, file, every, AsnDatabase::parse);
  }

  /** What edges may be given; empty until every record was read. */
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

  @SuppressWarnings("rawtypes") // a class literal has no type arguments
  static Metadata parse(byte[] bytes) throws IOException {
    try (Reader reader = new Reader(new ByteArrayInputStream(bytes), new CHMCache())) {
      Networks<Map> networks = reader.networks(Map.class);
      while (networks.hasNext()) {
        Map<?, ?> record = networks.next().data();
        if (record != null && record.get("autonomous_system_number") instanceof Number) {
          return reader.getMetadata();
        }
      }
    } catch (InvalidNetworkException | RuntimeException | StackOverflowError e) {
      throw new InvalidDatabaseException("not a GeoIP file: " + e);
    }
    throw new InvalidDatabaseException(
        "not a GeoIP file of autonomous systems: no record has a number");
  }
}
