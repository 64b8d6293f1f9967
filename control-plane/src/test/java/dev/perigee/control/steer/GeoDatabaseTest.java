package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A changed GeoIP file is taken while the process runs, a broken one never. */
class GeoDatabaseTest {
  private static final Path DATA = Path.of("src/test/resources/geoip");
  private static final InetAddress LINKOPING = InetAddress.ofLiteral("89.160.20.112");

  @TempDir Path folder;
  private long stamps;

  private Path put(Path from) throws IOException {
    Path file = folder.resolve("city.mmdb");
    Files.copy(from, file, StandardCopyOption.REPLACE_EXISTING);
    stamps++;
    Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_700_000_000 + stamps)));
    return file;
  }

  @Test
  void anAddressHasItsPlaceCountryAndNetwork() throws IOException {
    try (GeoDatabase database =
        new GeoDatabase(DATA.resolve("GeoIP2-City-Test.mmdb"), InstantSource.system())) {
      GeoLocator.Location found = database.locate(LINKOPING).orElseThrow();
      assertEquals("SE", found.country());
      assertEquals(58.4167, found.latitude(), 0.001);
      assertEquals(15.6167, found.longitude(), 0.001);
      assertEquals(28, found.prefixLength());
      assertEquals(Optional.empty(), database.locate(InetAddress.ofLiteral("127.0.0.1")));
      assertEquals(Optional.empty(), database.locate(InetAddress.ofLiteral("::1")));
    }
  }

  @Test
  void aChangedFileIsTaken() throws IOException {
    Path file = put(Path.of("geo/perigee-city.mmdb"));
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system())) {
      assertFalse(database.reloadIfChanged());
      put(DATA.resolve("GeoLite2-City-Test.mmdb"));
      assertTrue(database.reloadIfChanged());
      assertEquals(58.4167, database.locate(LINKOPING).orElseThrow().latitude(), 0.001);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GeoIP2-City-Test-Broken-Double-Format.mmdb",
        "GeoIP2-City-Test-Invalid-Node-Count.mmdb",
        "GeoLite2-ASN-Test.mmdb",
        "README.md"
      })
  void aBrokenFileLeavesTheOneBeforeInPlace(String broken) throws IOException {
    Path file = put(DATA.resolve("GeoIP2-City-Test.mmdb"));
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system())) {
      put(DATA.resolve(broken));
      assertFalse(database.reloadIfChanged());
      assertTrue(database.locate(LINKOPING).isPresent());
      put(DATA.resolve("GeoLite2-City-Test.mmdb"));
      assertTrue(database.reloadIfChanged(), "a sound one is taken after it");
    }
  }

  @Test
  void aFileThatIsCutShortOrGoneLeavesTheOneBeforeInPlace() throws IOException {
    Path file = put(DATA.resolve("GeoIP2-City-Test.mmdb"));
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system())) {
      byte[] whole = Files.readAllBytes(file);
      for (int part = 1; part < 8; part++) {
        Path cut = folder.resolve("cut");
        Files.write(cut, Arrays.copyOf(whole, whole.length * part / 8));
        put(cut);
        assertFalse(database.reloadIfChanged());
      }
      Files.delete(file);
      assertFalse(database.reloadIfChanged());
      assertTrue(database.locate(LINKOPING).isPresent());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GeoLite2-ASN-Test.mmdb", "README.md", "absent.mmdb"})
  void whatIsNoDatabaseOfCitiesIsRefusedAtStart(String name) {
    IOException refused =
        assertThrows(
            IOException.class,
            () -> new GeoDatabase(DATA.resolve(name), InstantSource.system()).close());
    assertFalse(refused.toString().isBlank());
  }
}
