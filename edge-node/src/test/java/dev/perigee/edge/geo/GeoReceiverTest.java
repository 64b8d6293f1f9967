package dev.perigee.edge.geo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoOutcome;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.Limits;
import dev.perigee.testkit.FlatGeoFile;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Databases come whole into force, or not at all; the last good one survives. */
class GeoReceiverTest {
  private static final Path DATA = Path.of("src/test/resources/geoip");
  private static final long LIMIT = 1 << 20;
  private static final String LONDON = "81.2.69.142";

  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("edge-geo");
  @TempDir Path folder;

  private final BlockingQueue<GeoReport> reports = new LinkedBlockingQueue<>();
  private final List<GeoReceiver> open = new ArrayList<>();
  private GeoLocator locator = new GeoLocator();

  @AfterEach
  void close() {
    open.forEach(GeoReceiver::close);
  }

  private GeoReceiver start(long limit) throws IOException {
    locator = new GeoLocator();
    GeoReceiver receiver = GeoReceiver.open(folder, locator, limit);
    open.add(receiver);
    return receiver;
  }

  private GeoReport send(GeoReceiver receiver, GeoChunk chunk) throws InterruptedException {
    receiver.take(chunk, reports::add);
    GeoReport report = reports.poll(20, TimeUnit.SECONDS);
    if (report == null) {
      throw new AssertionError("no report about " + chunk);
    }
    return report;
  }

  private GeoReport sendAll(GeoReceiver receiver, GeoFile file) throws InterruptedException {
    GeoReport report = send(receiver, file.chunk(0));
    while (report.outcome() == GeoOutcome.TAKING) {
      report = send(receiver, file.chunk(report.received()));
    }
    return report;
  }

  private static GeoFile city(String name) throws IOException {
    return GeoFile.of(GeoKind.CITY, Files.readAllBytes(DATA.resolve(name)));
  }

  /** A file of several parts. */
  private static GeoFile large(String country) {
    FlatGeoFile file = new FlatGeoFile("someone-city");
    for (int i = 0; i < 8_000; i++) {
      String network = "81." + (i >> 8) + "." + (i & 255) + ".0";
      file.with(network, 24, Map.of("country_code", country, "city", "C" + i));
    }
    byte[] content = file.toBytes();
    assertTrue(content.length > 2 * Limits.GEO_CHUNK_BYTES, content.length + " bytes");
    return GeoFile.of(GeoKind.CITY, content);
  }

  private String country(String client) {
    return locator.place(client).country();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static List<GeoHolding> nothing() {
    return Arrays.stream(GeoKind.values()).map(GeoHolding::none).toList();
  }

  @Test
  void aWholeDatabaseComesIntoForceAndIsThereAfterARestart() throws Exception {
    GeoReceiver receiver = start(LIMIT);
    assertEquals(nothing(), receiver.holdings());
    assertEquals("ZZ", country(LONDON));
    GeoFile file = city("GeoIP2-City-Test.mmdb");
    assertEquals(GeoOutcome.TAKEN, sendAll(receiver, file).outcome());
    assertEquals("GB", country(LONDON));
    byte[] asn = Files.readAllBytes(DATA.resolve("GeoLite2-ASN-Test.mmdb"));
    assertEquals(GeoOutcome.TAKEN, sendAll(receiver, GeoFile.of(GeoKind.ASN, asn)).outcome());
    assertEquals(1221, locator.place("1.128.0.0").system().orElseThrow());
    byte[] own = new FlatGeoFile("own").with(LONDON, 32, Map.of("country_code", "IE")).toBytes();
    assertEquals(GeoOutcome.TAKEN, sendAll(receiver, GeoFile.of(GeoKind.OVERRIDE, own)).outcome());
    assertEquals("IE", country(LONDON), "what the operator knows comes first");
    assertEquals("SE", country("89.160.20.112"), "of the rest it says nothing");
    List<GeoHolding> held = receiver.holdings();
    assertEquals(file.version(), held.getFirst().version());
    assertTrue(held.stream().allMatch(h -> h.builtSeconds() > 1_500_000_000), held.toString());

    GeoReceiver again = start(LIMIT);
    assertEquals(held, again.holdings());
    assertEquals("IE", country(LONDON));
    assertEquals(GeoOutcome.TAKEN, send(again, file.chunk(0)).outcome(), "it is there already");
  }

  @Test
  void aNewerOneReplacesTheOldOneOnDiskToo() throws Exception {
    GeoReceiver receiver = start(LIMIT);
    sendAll(receiver, large("DE"));
    GeoFile newer = large("FR");
    sendAll(receiver, newer);
    assertEquals("FR", country("81.0.7.1"));
    assertEquals(List.of("city-" + newer.version() + ".mmdb"), files());
    assertEquals(2, receiver.count(GeoOutcome.TAKEN));
  }

  @Test
  void whatIsTornIsDroppedAndTheOldOneServes() throws Exception {
    GeoReceiver receiver = start(LIMIT);
    sendAll(receiver, city("GeoIP2-City-Test.mmdb"));
    GeoFile file = large("DE");
    send(receiver, file.chunk(0));
    GeoReport gap = send(receiver, file.chunk(2L * Limits.GEO_CHUNK_BYTES));
    assertEquals(GeoOutcome.TORN, gap.outcome(), gap.reason());
    // What was on its way meanwhile is passed over without a word; the next report is about a
    // start.
    receiver.take(file.chunk(Limits.GEO_CHUNK_BYTES), reports::add);
    assertEquals(GeoOutcome.TAKING, send(receiver, file.chunk(0)).outcome());
    assertTrue(reports.isEmpty());
    assertEquals("GB", country(LONDON));
    assertEquals(GeoOutcome.TAKEN, sendAll(receiver, file).outcome());
    assertEquals("DE", country("81.0.7.1"));
  }

  @Test
  void aWrongChecksumIsTorn() throws Exception {
    GeoReceiver receiver = start(LIMIT);
    GeoFile file = large("DE");
    send(receiver, file.chunk(0));
    GeoChunk next = file.chunk(Limits.GEO_CHUNK_BYTES);
    byte[] flipped = next.content().toArray();
    flipped[77] ^= 1;
    GeoReport report =
        send(
            receiver,
            new GeoChunk(
                next.kind(), next.version(), next.size(), next.offset(), Bytes.copyOf(flipped)));
    while (report.outcome() == GeoOutcome.TAKING) {
      report = send(receiver, file.chunk(report.received()));
    }
    assertEquals(GeoOutcome.TORN, report.outcome());
    assertTrue(report.reason().contains("SHA-256"), report.reason());
    assertEquals(nothing(), receiver.holdings());
    assertEquals(List.of(), files());
  }

  @Test
  void aBrokenOneIsRefusedOnceAndForAllAndTheOldOneServes() throws Exception {
    nothingLeaks.expectError("GeoIP database city refused");
    GeoReceiver receiver = start(LIMIT);
    GeoFile good = city("GeoIP2-City-Test.mmdb");
    sendAll(receiver, good);
    for (String name :
        List.of(
            "GeoIP2-City-Test-Invalid-Node-Count.mmdb", "GeoLite2-ASN-Test.mmdb", "README.md")) {
      GeoFile broken = city(name);
      GeoReport refused = sendAll(receiver, broken);
      assertEquals(GeoOutcome.REFUSED, refused.outcome(), name);
      assertEquals(refused, send(receiver, broken.chunk(0)), "not even received again");
      assertEquals("GB", country(LONDON));
      assertEquals(List.of("city-" + good.version() + ".mmdb"), files());
    }
  }

  @Test
  void oneThatIsTooLargeIsRefusedByItsFirstPart() throws Exception {
    nothingLeaks.expectError("GeoIP database city refused");
    GeoReport refused = send(start(1_000), large("DE").chunk(0));
    assertEquals(GeoOutcome.REFUSED, refused.outcome());
    assertTrue(refused.reason().contains("--geoip-max-size"), refused.reason());
    assertEquals(List.of(), files());
  }

  @Test
  void aNodeThatTakesNoneSaysSo() throws Exception {
    sendAll(start(LIMIT), city("GeoIP2-City-Test.mmdb"));
    assertEquals(List.of(), start(0).holdings());
    assertEquals("ZZ", country(LONDON));
  }

  @Test
  void aFileThatWasDamagedOrLeftHalfIsNotTakenForTheLastGoodOne() throws Exception {
    GeoFile file = city("GeoIP2-City-Test.mmdb");
    sendAll(start(LIMIT), file);
    Path kept = folder.resolve("city-" + file.version() + ".mmdb");
    byte[] bytes = Files.readAllBytes(kept);
    bytes[bytes.length / 2] ^= 1;
    Files.write(kept, bytes);
    Files.write(folder.resolve("city.part"), bytes);
    assertEquals(nothing(), start(LIMIT).holdings());
    assertEquals(List.of(), files());
  }

  /** The story: the operator took the file away, and edges went on by it for ever. */
  @Test
  void whatTheOperatorTookAwayIsDroppedFromMemoryAndDisk() throws Exception {
    GeoReceiver receiver = start(LIMIT);
    sendAll(receiver, city("GeoIP2-City-Test.mmdb"));
    byte[] own = new FlatGeoFile("own").with(LONDON, 32, Map.of("country_code", "IE")).toBytes();
    GeoFile override = GeoFile.of(GeoKind.OVERRIDE, own);
    sendAll(receiver, override);
    assertEquals("IE", country(LONDON));
    GeoChunk none = GeoFile.none(GeoKind.OVERRIDE).chunk(0);
    assertEquals(GeoOutcome.TAKEN, send(receiver, none).outcome());
    assertEquals("GB", country(LONDON), "by the main database again");
    assertTrue(receiver.holdings().contains(GeoHolding.none(GeoKind.OVERRIDE)));
    assertEquals(1, files().size(), files().toString());
    start(LIMIT);
    assertEquals("GB", country(LONDON), "after a restart too");
    GeoReceiver again = start(LIMIT);
    assertEquals(GeoOutcome.TAKEN, sendAll(again, override).outcome());
    assertEquals("IE", country(LONDON), "it may come back");
    send(again, override.chunk(0));
    assertEquals(GeoOutcome.TAKEN, send(again, none).outcome());
    assertEquals(GeoOutcome.TAKEN, send(again, none).outcome(), "there may be none to drop");
  }
}
