package dev.perigee.edge.geo;

import com.maxmind.db.CHMCache;
import com.maxmind.db.Reader;
import com.maxmind.geoip2.DatabaseReader;
import com.maxmind.geoip2.exception.GeoIp2Exception;
import com.maxmind.geoip2.model.AsnResponse;
import com.maxmind.geoip2.model.CityResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One MaxMind-shaped database file, city or ASN, held on the heap and read again when the file
 * changes. A file that cannot be read changes nothing.
 */
public final class GeoDatabase {
  private static final Logger LOG = LoggerFactory.getLogger(GeoDatabase.class);

  private final Path file;
  private volatile Loaded loaded;

  private record Loaded(DatabaseReader reader, Stamp stamp) {}

  private record Stamp(FileTime changed, long size) {}

  private GeoDatabase(Path file, Loaded loaded) {
    this.file = file;
    this.loaded = loaded;
  }

  /**
   * Opens a database.
   *
   * @throws IOException when it is absent or not a database
   */
  public static GeoDatabase open(Path file) throws IOException {
    return new GeoDatabase(file, load(file));
  }

  /** What is known of the address. */
  public GeoPlace find(InetAddress address) {
    DatabaseReader reader = loaded.reader();
    try {
      String kind = reader.metadata().databaseType();
      if (kind.contains("ASN")) {
        return reader.tryAsn(address).map(GeoDatabase::place).orElseGet(GeoPlace::unknown);
      }
      return reader.tryCity(address).map(GeoDatabase::place).orElseGet(GeoPlace::unknown);
    } catch (IOException | GeoIp2Exception | RuntimeException e) {
      LOG.debug("no place for an address", e);
      return GeoPlace.unknown();
    }
  }

  /**
   * Reads the file again when it has changed; to be called every few seconds, off the I/O threads.
   */
  public void refresh() {
    try {
      if (!stamp(file).equals(loaded.stamp())) {
        loaded = load(file);
        LOG.info("read {} again", file);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be read, the database before stays: {}", file, e.getMessage());
    }
  }

  private static Loaded load(Path file) throws IOException {
    Stamp stamp = stamp(file);
    DatabaseReader reader =
        new DatabaseReader.Builder(file.toFile())
            .fileMode(Reader.FileMode.MEMORY) // a mapped file would fault when it is overwritten
            .withCache(new CHMCache())
            .build();
    return new Loaded(reader, stamp);
  }

  private static Stamp stamp(Path file) throws IOException {
    return new Stamp(Files.getLastModifiedTime(file), Files.size(file));
  }

  private static GeoPlace place(AsnResponse found) {
    Long number = found.autonomousSystemNumber();
    return new GeoPlace(
        Optional.empty(),
        Optional.empty(),
        number == null ? OptionalLong.empty() : OptionalLong.of(number));
  }

  private static GeoPlace place(CityResponse found) {
    Double latitude = found.location().latitude();
    Double longitude = found.location().longitude();
    return new GeoPlace(
        Optional.ofNullable(found.country().isoCode()),
        latitude == null || longitude == null
            ? Optional.empty()
            : Optional.of(new GeoPlace.Position(latitude, longitude)),
        OptionalLong.empty());
  }
}
