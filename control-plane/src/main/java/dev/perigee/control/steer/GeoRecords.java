package dev.perigee.control.steer;

import com.maxmind.db.CHMCache;
import com.maxmind.db.InvalidDatabaseException;
import com.maxmind.db.InvalidNetworkException;
import com.maxmind.db.Metadata;
import com.maxmind.db.Network;
import com.maxmind.db.Networks;
import com.maxmind.db.Reader;
import com.maxmind.geoip2.DatabaseReader;
import com.maxmind.geoip2.exception.GeoIp2Exception;
import com.maxmind.geoip2.model.CityResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The records of one GeoIP file, in memory. Files of MaxMind's city shape are read by MaxMind's own
 * model; other makers' flat records ({@code latitude}, {@code longitude}, {@code country_code}) and
 * types of other names as they are. A record that points to itself overflows the library's stack,
 * which is no worse than any other broken record.
 */
sealed interface GeoRecords {
  Optional<GeoLocator.Location> find(InetAddress address) throws IOException, GeoIp2Exception;

  Metadata metadata();

  /**
   * The records of a file's bytes. Looks no further than the first position; see {@link
   * #requireWhole}.
   *
   * @throws IOException when this is no GeoIP file, or one without positions
   */
  static GeoRecords of(byte[] bytes) throws IOException {
    try {
      Reader reader = new Reader(new ByteArrayInputStream(bytes), new CHMCache());
      boolean nested = requirePosition(reader);
      if (nested && reader.getMetadata().databaseType().contains("City")) {
        return new OfMaxMind(
            new DatabaseReader.Builder(new ByteArrayInputStream(bytes))
                .withCache(new CHMCache())
                .build());
      }
      return new OfOthers(reader);
    } catch (InvalidNetworkException | RuntimeException | StackOverflowError e) {
      throw new InvalidDatabaseException("not a GeoIP file: " + e);
    }
  }

  /** Reads every record of a file: 1.2 million take about a second. */
  static void requireWhole(byte[] bytes) throws IOException {
    try (Reader all = new Reader(new ByteArrayInputStream(bytes), new CHMCache())) {
      Networks<?> networks = all.networks(Map.class);
      while (networks.hasNext()) {
        networks.next();
      }
    } catch (InvalidNetworkException | RuntimeException | StackOverflowError e) {
      throw new InvalidDatabaseException("a record cannot be read: " + e);
    }
  }

  /** Whether the first position is nested under {@code location}, as MaxMind does. */
  @SuppressWarnings("rawtypes") // a class literal has no type arguments
  private static boolean requirePosition(Reader reader)
      throws IOException, InvalidNetworkException {
    Networks<Map> networks = reader.networks(Map.class);
    while (networks.hasNext()) {
      Map<?, ?> record = networks.next().data();
      if (record != null && location(record, 0).isPresent()) {
        return record.get("location") instanceof Map<?, ?>;
      }
    }
    throw new InvalidDatabaseException("not a GeoIP file of cities: no record has a position");
  }

  private static Optional<GeoLocator.Location> location(Map<?, ?> record, int prefixLength) {
    Map<?, ?> place = record.get("location") instanceof Map<?, ?> nested ? nested : record;
    return place.get("latitude") instanceof Number latitude
            && place.get("longitude") instanceof Number longitude
        ? Optional.of(
            new GeoLocator.Location(
                latitude.doubleValue(), longitude.doubleValue(), country(record), prefixLength))
        : Optional.empty();
  }

  private static String country(Map<?, ?> record) {
    Object code =
        record.get("country") instanceof Map<?, ?> nested
            ? nested.get("iso_code")
            : record.get("country_code");
    return code instanceof String text ? text : "";
  }

  /** MaxMind's model. */
  record OfMaxMind(DatabaseReader reader) implements GeoRecords {
    @Override
    public Optional<GeoLocator.Location> find(InetAddress address)
        throws IOException, GeoIp2Exception {
      return reader.tryCity(address).flatMap(OfMaxMind::location);
    }

    @Override
    public Metadata metadata() {
      return reader.metadata();
    }

    private static Optional<GeoLocator.Location> location(CityResponse found) {
      Double latitude = found.location().latitude();
      Double longitude = found.location().longitude();
      String country = found.country().isoCode();
      Network network = found.traits().network();
      return latitude == null || longitude == null || network == null
          ? Optional.empty()
          : Optional.of(
              new GeoLocator.Location(
                  latitude, longitude, country == null ? "" : country, network.prefixLength()));
    }
  }

  /**
   * What a file says of an address, with nothing said as well.
   *
   * @param prefixLength bits of the address, in its own family, for which it says so
   */
  record Answer(Optional<GeoLocator.Location> location, int prefixLength) {}

  /** Records read as maps. */
  record OfOthers(Reader reader) implements GeoRecords {
    /** The same of any file, MaxMind's too. */
    static OfOthers of(byte[] bytes) throws IOException {
      GeoRecords.of(bytes); // names what is wrong
      return new OfOthers(new Reader(new ByteArrayInputStream(bytes), new CHMCache()));
    }

    @Override
    public Optional<GeoLocator.Location> find(InetAddress address) throws IOException {
      return answer(address).location();
    }

    Answer answer(InetAddress address) throws IOException {
      var found = reader.getRecord(address, Map.class);
      int prefixLength = found.network().prefixLength();
      @Nullable Map<?, ?> record = found.data();
      return new Answer(
          record == null ? Optional.empty() : GeoRecords.location(record, prefixLength),
          prefixLength);
    }

    @Override
    public Metadata metadata() {
      return reader.getMetadata();
    }
  }
}
