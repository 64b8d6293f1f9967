package dev.perigee.edge.geo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.GeoKind;
import dev.perigee.testkit.FlatGeoFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read of databases, whole and broken. */
class GeoRecordsTest {
  private static final Path DATA = Path.of("src/test/resources/geoip");

  @TempDir Path folder;

  private static GeoRecords open(GeoKind kind, String name) throws IOException {
    return GeoRecords.open(kind, "", DATA.resolve(name));
  }

  private static Optional<String> country(GeoRecords records, String address) {
    return records.country(InetAddress.ofLiteral(address));
  }

  @ParameterizedTest
  @CsvSource({
    "81.2.69.142, GB",
    "89.160.20.112, SE",
    "216.160.83.56, US",
    "67.43.156.1, BT",
    "2a02:cf40::1, NO",
    "8.8.8.8, ",
    "10.0.0.1, ",
    "127.0.0.1, ",
    "::1, "
  })
  void anAddressHasItsCountryOrNone(String address, String country) throws IOException {
    GeoRecords records = open(GeoKind.CITY, "GeoIP2-City-Test.mmdb");
    records.tryAll();
    assertEquals(Optional.ofNullable(country), country(records, address));
  }

  @Test
  void anAddressHasItsSystemOrNone() throws IOException {
    GeoRecords records = open(GeoKind.ASN, "GeoLite2-ASN-Test.mmdb");
    records.tryAll();
    assertEquals(OptionalLong.of(1221), records.system(InetAddress.ofLiteral("1.128.0.0")));
    assertEquals(OptionalLong.empty(), records.system(InetAddress.ofLiteral("127.0.0.1")));
  }

  @Test
  void flatRecordsAreReadTooAndWhatIsNoCountryIsNone() throws IOException {
    byte[] content =
        new FlatGeoFile("someone-country")
            .with("127.0.0.1", 32, Map.of("country_code", "DE"))
            .with("127.0.0.2", 32, Map.of("country_code", "Deutschland"))
            .with("127.0.0.3", 32, Map.of("country_code", 49))
            .with("127.0.0.4", 32, Map.of("city", "Berlin"))
            .toBytes();
    Path file = Files.write(folder.resolve("flat.mmdb"), content);
    GeoRecords records = GeoRecords.open(GeoKind.CITY, "", file);
    assertEquals(Optional.of("DE"), country(records, "127.0.0.1"));
    for (String none : new String[] {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"}) {
      assertEquals(Optional.empty(), country(records, none), none);
    }
    assertThrows(IOException.class, records::tryAll, "one of its codes is a number");
  }

  @ParameterizedTest
  @CsvSource({
    "CITY, GeoLite2-ASN-Test.mmdb",
    "ASN, GeoLite2-City-Test.mmdb",
    "CITY, GeoIP2-City-Test-Invalid-Node-Count.mmdb",
    "CITY, README.md"
  })
  void whatIsNotOfItsKindOrNotWholeFailsItsTrial(GeoKind kind, String name) {
    assertThrows(IOException.class, () -> open(kind, name).tryAll());
  }

  @Test
  void anOverrideMayHavePositionsAloneAndIsReadToTheEnd() throws IOException {
    byte[] content =
        new FlatGeoFile("own").with("127.0.0.1", 32, Map.of("latitude", 50.0)).toBytes();
    Path file = Files.write(folder.resolve("own.mmdb"), content);
    GeoRecords records = GeoRecords.open(GeoKind.OVERRIDE, "", file);
    records.tryAll();
    assertEquals(Optional.empty(), country(records, "127.0.0.1"));
    assertThrows(
        IOException.class,
        () -> open(GeoKind.OVERRIDE, "GeoIP2-City-Test-Invalid-Node-Count.mmdb").tryAll());
  }

  /** A pointer to itself overflows the stack, a length beyond the end its buffer. */
  @Test
  void whateverAFileHoldsIsRefusedOrReadWithoutHarm() throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("GeoRecordsTest seed " + seed);
    Random random = new Random(seed);
    byte[] sound = Files.readAllBytes(DATA.resolve("GeoIP2-City-Test.mmdb"));
    Path file = folder.resolve("broken.mmdb");
    int refused = 0;
    for (int i = 0; i < 1_000; i++) {
      byte[] bytes = sound.clone();
      for (int flips = random.nextInt(6); flips >= 0; flips--) {
        int at = random.nextInt(bytes.length);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : 0x20 + random.nextInt(8));
      }
      Files.write(file, bytes);
      try {
        GeoRecords records = GeoRecords.open(GeoKind.CITY, "", file);
        country(records, "89.160.20.112");
        country(records, "2a02:cf40::1");
        records.tryAll();
      } catch (IOException e) {
        refused++;
      } catch (Throwable e) {
        throw new AssertionError("seed " + seed + " file " + i, e);
      }
    }
    assertTrue(refused > 100, refused + " refused");
  }
}
