package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import dev.perigee.control.steer.GeoTree.Spot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks of a GeoIP file say what the file's own reader says. */
final class GeoTreeTest {
  private static final String TESTS = "src/test/resources/geoip/";

  private static GeoFile file(String path) throws IOException {
    return GeoFile.of(GeoKind.CITY, Files.readAllBytes(Path.of(path)));
  }

  private static Spot spot(GeoTree tree, InetAddress address) {
    long found = tree.networks().find(address.getAddress());
    return tree.places().get(NetworkTree.value(found));
  }

  private static Spot expected(GeoRecords records, InetAddress address) throws Exception {
    return records.find(address).map(Spot::of).orElse(Spot.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        TESTS + "GeoIP2-City-Test.mmdb",
        TESTS + "GeoLite2-City-Test.mmdb",
        "geo/perigee-city.mmdb"
      })
  void everyAddressIsWhereTheReaderSays(String path) throws Exception {
    GeoTree tree = GeoTree.of(file(path));
    GeoRecords records = GeoRecords.of(Files.readAllBytes(Path.of(path)));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int known = 0;
    for (int i = 0; i < 40_000; i++) {
      byte[] bytes = new byte[i % 2 == 0 ? 4 : 16];
      random.nextBytes(bytes);
      if (bytes.length == 16) {
        // Where IPv6 networks are given out.
        bytes[0] = (byte) (i % 8 == 1 ? bytes[0] : 0x20 | (bytes[0] & 0xf));
      }
      InetAddress address = InetAddress.getByAddress(bytes);
      Spot expected = expected(records, address);
      assertEquals(expected, spot(tree, address), "seed " + seed + ", " + address);
      known += expected.isKnown() ? 1 : 0;
    }
    assertTrue(known > 0 || path.startsWith(TESTS), path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "81.2.69.142",
        "81.2.69.160",
        "81.2.69.141",
        "89.160.20.112",
        "89.160.20.127",
        "89.160.20.128",
        "216.160.83.56",
        "216.160.83.63",
        "216.160.83.64",
        "2.125.160.216",
        "67.43.156.1",
        "2a02:cf40::",
        "2a02:cf47:ffff::1",
        "2a02:cf48::",
        "8.8.8.8",
        "10.0.0.1",
        "2002:5102:458e::1",
        "::ffff:81.2.69.142",
        "2001:218::1"
      })
  void maxMindsTestDatabaseIsExact(String text) throws Exception {
    String path = TESTS + "GeoIP2-City-Test.mmdb";
    InetAddress address = InetAddress.getByName(text);
    GeoRecords records = GeoRecords.of(Files.readAllBytes(Path.of(path)));
    assertEquals(expected(records, address), spot(GeoTree.of(file(path)), address));
  }

  @Test
  void whatOneFileKnowsComesBeforeWhatAnotherSays() throws Exception {
    GeoTree shipped = GeoTree.of(file("geo/perigee-city.mmdb"));
    GeoTree own = GeoTree.of(file(TESTS + "GeoIP2-City-Test.mmdb"));
    GeoTree both = own.before(shipped);
    for (String text : new String[] {"81.2.69.142", "2a02:cf40::1", "8.8.8.8", "194.25.0.60"}) {
      InetAddress address = InetAddress.getByName(text);
      Spot first = spot(own, address);
      assertEquals(first.isKnown() ? first : spot(shipped, address), spot(both, address), text);
    }
  }

  /** A network is as large as the addresses that are in one place. */
  @Test
  void neighboursOfOnePlaceAreOneNetwork() throws Exception {
    GeoTree tree = GeoTree.of(file("geo/perigee-city.mmdb"));
    Optional<Integer> depth =
        Optional.of(NetworkTree.depth(tree.networks().find(address("10.1.2.3"))));
    assertTrue(depth.get() <= 8, "10.0.0.0/8 is nowhere as a whole: " + depth);
  }

  private static byte[] address(String text) throws UnknownHostException {
    return InetAddress.getByName(text).getAddress();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GeoIP2-City-Test-Broken-Double-Format.mmdb",
        "GeoIP2-City-Test-Invalid-Node-Count.mmdb"
      })
  void aBrokenFileIsAnErrorAndNoWorse(String name) {
    assertThrows(IOException.class, () -> GeoTree.of(file(TESTS + name)));
  }

  @Test
  void bytesChangedAnywhereAreAnErrorOrAnotherTreeButNeverWorse() throws Exception {
    byte[] sound = Files.readAllBytes(Path.of(TESTS + "GeoIP2-City-Test.mmdb"));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 150; i++) {
      byte[] bytes = sound.clone();
      for (int hit = 0; hit < 20; hit++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        GeoTree.of(GeoFile.of(GeoKind.CITY, bytes));
      } catch (IOException e) {
        assertTrue(e.getMessage() != null, "seed " + seed);
      }
    }
  }
}
