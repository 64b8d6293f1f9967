package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.FlatGeoFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator's own file is asked first, and answers hold for no larger a network than it says. */
final class GeoOverrideTest {
  private static final Path DATA = Path.of("src/test/resources/geoip");
  private static final Duration NEVER = Duration.ofDays(1);
  private static final Map<String, ?> CAPE_TOWN =
      Map.of("country_code", "ZA", "latitude", -33.9, "longitude", 18.4);

  @TempDir Path folder;

  private static InetAddress address(String text) {
    return InetAddress.ofLiteral(text);
  }

  private Path own(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("own.mmdb"), bytes);
  }

  @Test
  void itsNetworksWinAndOthersAreCutWhereItBegins() throws Exception {
    Path file = own(FlatGeoFile.of("89.160.20.112", 30, CAPE_TOWN));
    try (GeoDatabase cities =
            new GeoDatabase(DATA.resolve("GeoIP2-City-Test.mmdb"), InstantSource.system(), NEVER);
        GeoOverride both = new GeoOverride(file, cities, NEVER)) {
      GeoLocator.Location own = both.locate(address("89.160.20.113")).orElseThrow();
      assertEquals(new GeoLocator.Location(-33.9, 18.4, "ZA", 30), own);
      GeoLocator.Location beside = both.locate(address("89.160.20.120")).orElseThrow();
      assertEquals("SE", beside.country());
      assertEquals(28, cities.locate(address("89.160.20.120")).orElseThrow().prefixLength());
      assertEquals(29, beside.prefixLength());
      assertEquals(cities.locate(address("216.160.83.57")), both.locate(address("216.160.83.57")));
      assertEquals(cities.locate(address("2a02:cf40::1")), both.locate(address("2a02:cf40::1")));
      assertTrue(both.locate(address("8.8.8.8")).isEmpty());
    }
  }

  @Test
  void maxMindsShapeIsGoodForItToo() throws Exception {
    Path file = own(Files.readAllBytes(DATA.resolve("GeoIP2-City-Test.mmdb")));
    try (GeoOverride alone = new GeoOverride(file, GeoLocator.unknown(), NEVER)) {
      assertEquals("GB", alone.locate(address("81.2.69.142")).orElseThrow().country());
    }
  }

  @Test
  void aBrokenOneIsRefusedWhileTheOneBeforeServes() throws Exception {
    Path broken = DATA.resolve("GeoIP2-City-Test-Broken-Double-Format.mmdb");
    Path file = own(FlatGeoFile.of("89.160.20.112", 30, CAPE_TOWN));
    try (GeoOverride own = new GeoOverride(file, GeoLocator.unknown(), NEVER)) {
      own(Files.readAllBytes(broken));
      assertFalse(own.reloadIfChanged());
      assertEquals("ZA", own.locate(address("89.160.20.112")).orElseThrow().country());
      own(FlatGeoFile.of("192.0.2.0", 24, CAPE_TOWN));
      assertTrue(own.reloadIfChanged());
      assertEquals("ZA", own.locate(address("192.0.2.9")).orElseThrow().country());
      assertTrue(own.locate(address("89.160.20.112")).isEmpty());
    }
    own("nothing of the kind".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    assertThrows(
        IOException.class, () -> new GeoOverride(file, GeoLocator.unknown(), NEVER).close());
  }
}
