package dev.perigee.edge.geo;

import com.maxmind.db.InvalidDatabaseException;
import com.maxmind.db.InvalidNetworkException;
import com.maxmind.db.MaxMindDbParameter;
import com.maxmind.db.Networks;
import com.maxmind.db.NoCache;
import com.maxmind.db.Reader;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The records of one GeoIP database, of MaxMind's shape or flat; immutable, read by all threads at
 * once. Of a record only what is asked for is decoded. A record that points to itself overflows the
 * library's stack, which is no worse than any other broken record.
 *
 * <p>Small files are read into the heap. Larger ones are mapped: what is looked up often stays in
 * memory, and an address that nobody came from lately may cost its request the read of a page. A
 * database is never closed, for a request may still read in it; the mapping goes when nobody refers
 * to it.
 */
final class GeoRecords {
  /** Up to this size files are read into the heap. */
  private static final long HEAP_BYTES = 16L << 20;

  private static final Pattern COUNTRY = Pattern.compile("[A-Z]{2}");

  private final GeoKind kind;
  private final String version;
  private final Reader reader;

  private GeoRecords(GeoKind kind, String version, Reader reader) {
    this.kind = kind;
    this.version = version;
    this.reader = reader;
  }

  /**
   * MaxMind nests the country; other makers have its code in the record itself. Public, as its
   * siblings are, for the library to make them.
   */
  public record City(
      @MaxMindDbParameter(name = "country") @Nullable Country country,
      @MaxMindDbParameter(name = "country_code") @Nullable String code) {}

  /** What MaxMind has of a country. */
  public record Country(@MaxMindDbParameter(name = "iso_code") @Nullable String code) {}

  /** An autonomous system, in either shape. */
  public record NumberedSystem(
      @MaxMindDbParameter(name = "autonomous_system_number") @Nullable Long number) {}

  /**
   * Opens a file.
   *
   * @throws IOException when it is no GeoIP file
   */
  static GeoRecords open(GeoKind kind, String version, Path file) throws IOException {
    boolean small = Files.size(file) <= HEAP_BYTES;
    Reader.FileMode mode = small ? Reader.FileMode.MEMORY : Reader.FileMode.MEMORY_MAPPED;
    try {
      return new GeoRecords(kind, version, new Reader(file.toFile(), mode, NoCache.getInstance()));
    } catch (RuntimeException | StackOverflowError e) {
      throw new InvalidDatabaseException("it is no GeoIP file: " + e);
    }
  }

  /**
   * Looks everything up that could be asked for: over a million networks take about a second.
   *
   * @throws IOException when a record cannot be read, or none says anything
   */
  void tryAll() throws IOException {
    boolean says =
        switch (kind) {
          case CITY -> tryAll(City.class, GeoRecords::country);
          case ASN -> tryAll(NumberedSystem.class, GeoRecords::number);
          case OVERRIDE -> {
            tryAll(City.class, GeoRecords::country);
            // It may have positions alone, which are for steering.
            yield true;
          }
        };
    if (!says) {
      throw new InvalidDatabaseException("no record of it has what " + kind.token() + " needs");
    }
  }

  /** What a record says; null where it says nothing. */
  private interface Said<T> {
    @Nullable Object of(@Nullable T record);
  }

  private <T> boolean tryAll(Class<T> type, Said<T> said) throws IOException {
    boolean any = false;
    try {
      Networks<T> networks = reader.networks(type);
      while (networks.hasNext()) {
        any |= said.of(networks.next().data()) != null;
      }
    } catch (InvalidNetworkException | RuntimeException | StackOverflowError e) {
      throw new InvalidDatabaseException("a record cannot be read: " + e);
    }
    return any;
  }

  /** Country of the address, two letters; empty where it is not known. */
  Optional<String> country(InetAddress address) {
    try {
      return Optional.ofNullable(country(reader.get(address, City.class)));
    } catch (IOException | RuntimeException | StackOverflowError e) {
      return Optional.empty();
    }
  }

  /** Number of the autonomous system of the address; empty where it is not known. */
  OptionalLong system(InetAddress address) {
    try {
      Long number = number(reader.get(address, NumberedSystem.class));
      return number == null ? OptionalLong.empty() : OptionalLong.of(number);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      return OptionalLong.empty();
    }
  }

  private static @Nullable String country(@Nullable City record) {
    if (record == null) {
      return null;
    }
    Country nested = record.country();
    String code = nested == null || nested.code() == null ? record.code() : nested.code();
    return code != null && COUNTRY.matcher(code).matches() ? code : null;
  }

  private static @Nullable Long number(@Nullable NumberedSystem record) {
    return record == null ? null : record.number();
  }

  GeoKind kind() {
    return kind;
  }

  /** As the control plane is told. */
  GeoHolding holding() {
    return new GeoHolding(kind, version, reader.getMetadata().buildTime().getEpochSecond());
  }
}
