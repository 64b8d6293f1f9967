package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.perigee.testkit.FlatGeoFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A changed GeoIP file is taken while the process runs, a broken one never. */
class GeoDatabaseTest {
  private static final Path DATA = Path.of("src/test/resources/geoip");
  private static final InetAddress LINKOPING = InetAddress.ofLiteral("89.160.20.112");

  /** The tests say when to look at the file, not the watch. */
  private static final Duration NEVER = Duration.ofDays(1);

  @TempDir Path folder;
  private long stamps;
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.list = new CopyOnWriteArrayList<>();
    log.start();
    ((Logger) LoggerFactory.getLogger(WatchedGeoFile.class)).addAppender(log);
  }

  @AfterEach
  void listenNoMore() {
    ((Logger) LoggerFactory.getLogger(WatchedGeoFile.class)).detachAppender(log);
  }

  private void assertOneClearLine(String part) {
    assertEquals(1, log.list.size(), log.list.toString());
    ILoggingEvent line = log.list.getFirst();
    assertEquals(Level.ERROR, line.getLevel());
    assertNull(line.getThrowableProxy());
    assertTrue(line.getFormattedMessage().contains(part), line.getFormattedMessage());
  }

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
        new GeoDatabase(DATA.resolve("GeoIP2-City-Test.mmdb"), InstantSource.system(), NEVER)) {
      GeoLocator.Location found = database.locate(LINKOPING).orElseThrow();
      assertEquals("SE", found.country());
      assertEquals(58.4167, found.latitude(), 0.001);
      assertEquals(15.6167, found.longitude(), 0.001);
      assertEquals(28, found.prefixLength());
      assertEquals(Optional.empty(), database.locate(InetAddress.ofLiteral("127.0.0.1")));
      assertEquals(Optional.empty(), database.locate(InetAddress.ofLiteral("::1")));
    }
  }

  /** The story: files of other makers, without MaxMind's nesting, were refused at the start. */
  @Test
  void aFileOfFlatRecordsIsTakenToo() throws IOException {
    Path file = folder.resolve("flat.mmdb");
    Files.write(
        file,
        FlatGeoFile.of(
            "203.0.113.0",
            24,
            Map.of("country_code", "DE", "city", "Berlin", "latitude", 52.5, "longitude", 13.4)));
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system(), NEVER)) {
      assertEquals(
          Optional.of(new GeoLocator.Location(52.5, 13.4, "DE", 24)),
          database.locate(InetAddress.ofLiteral("203.0.113.9")));
      assertEquals(Optional.empty(), database.locate(InetAddress.ofLiteral("203.0.114.9")));
      assertEquals(Optional.empty(), database.locate(InetAddress.ofLiteral("2001:db8::1")));
    }
  }

  @Test
  void aFileWithoutAnyPositionIsRefused() throws IOException {
    Path file = folder.resolve("countries.mmdb");
    Files.write(file, FlatGeoFile.of("203.0.113.0", 24, Map.of("country_code", "DE")));
    IOException refused =
        assertThrows(
            IOException.class, () -> new GeoDatabase(file, InstantSource.system(), NEVER).close());
    assertTrue(refused.toString().contains("position"), refused.toString());
  }

  /** The story: only the first 64 records were looked at. */
  @Test
  void aFileThatIsBrokenFurtherInIsNamedAtTheStartAndReplacesNothing() throws IOException {
    Path broken = folder.resolve("broken");
    Files.write(broken, brokenNearItsEnd(DATA.resolve("GeoIP2-City-Test.mmdb")));
    Path file = put(broken);
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system(), NEVER)) {
      Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !log.list.isEmpty());
      assertOneClearLine("a record cannot be read");
      assertTrue(database.locate(LINKOPING).isPresent());
      put(DATA.resolve("GeoLite2-City-Test.mmdb"));
      assertTrue(database.reloadIfChanged());
      Duration age = database.age();
      put(broken);
      assertFalse(database.reloadIfChanged());
      assertTrue(database.age().compareTo(age) >= 0, "the sound one serves");
    }
  }

  /** The last records lie just before the metadata. */
  private static byte[] brokenNearItsEnd(Path sound) throws IOException {
    byte[] bytes = Files.readAllBytes(sound);
    int marker = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("MaxMind.com") - 3;
    Arrays.fill(bytes, marker - 200, marker, (byte) 0xff);
    return bytes;
  }

  @Test
  void aChangedFileIsTaken() throws IOException {
    Path file = put(Path.of("geo/perigee-city.mmdb"));
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system(), NEVER)) {
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
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system(), NEVER)) {
      put(DATA.resolve(broken));
      assertFalse(database.reloadIfChanged());
      assertFalse(database.reloadIfChanged(), "seen already");
      assertOneClearLine("the one before goes on serving: ");
      assertTrue(database.locate(LINKOPING).isPresent());
      put(DATA.resolve("GeoLite2-City-Test.mmdb"));
      assertTrue(database.reloadIfChanged(), "a sound one is taken after it");
    }
  }

  @Test
  void aFileThatIsCutShortOrGoneLeavesTheOneBeforeInPlace() throws IOException {
    Path file = put(DATA.resolve("GeoIP2-City-Test.mmdb"));
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system(), NEVER)) {
      byte[] whole = Files.readAllBytes(file);
      for (int part = 1; part < 8; part++) {
        Path cut = folder.resolve("cut");
        Files.write(cut, Arrays.copyOf(whole, whole.length * part / 8));
        put(cut);
        assertFalse(database.reloadIfChanged());
      }
      log.list.clear();
      Files.delete(file);
      assertFalse(database.reloadIfChanged());
      assertFalse(database.reloadIfChanged(), "seen already");
      assertOneClearLine("there is no such file");
      assertTrue(database.locate(LINKOPING).isPresent());
    }
  }

  /** The story: a pointer to itself overflowed the stack of the thread that watches the file. */
  @Test
  void whateverAFileHoldsItIsReadOrRefused() throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("GeoDatabaseTest seed " + seed);
    Random random = new Random(seed);
    byte[] sound = Files.readAllBytes(DATA.resolve("GeoIP2-City-Test.mmdb"));
    int refused = 0;
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes = sound.clone();
      for (int flips = random.nextInt(6); flips >= 0; flips--) {
        int at = random.nextInt(bytes.length);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : 0x20 + random.nextInt(8));
      }
      try {
        GeoRecords.of(bytes).metadata();
        GeoRecords.requireWhole(bytes);
      } catch (IOException e) {
        refused++;
      } catch (Throwable e) {
        throw new AssertionError("seed " + seed + " file " + i, e);
      }
    }
    assertTrue(refused > 1_000, refused + " refused");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GeoIP2-City-Test-Broken-Double-Format.mmdb",
        "GeoIP2-City-Test-Invalid-Node-Count.mmdb",
        "GeoLite2-ASN-Test.mmdb",
        "README.md",
        "absent.mmdb"
      })
  void whatIsNoDatabaseOfCitiesIsRefusedAtStart(String name) {
    IOException refused =
        assertThrows(
            IOException.class,
            () -> new GeoDatabase(DATA.resolve(name), InstantSource.system(), NEVER).close());
    assertFalse(refused.toString().isBlank());
  }
}
