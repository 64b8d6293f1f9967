package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A newer GeoIP file is in place whole and as announced, or the one that serves is as it was. */
final class GeoUpdateIT {
  private static final Path DATA = Path.of("src/test/resources/geoip");
  private static final Path NEWER = DATA.resolve("GeoIP2-City-Test.mmdb");
  private static final Path SYSTEMS = DATA.resolve("GeoLite2-ASN-Test.mmdb");
  private static final InetAddress LINKOPING = InetAddress.ofLiteral("89.160.20.112");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long ROOM = 1 << 20;

  @TempDir Path folder;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger elsewhere = new AtomicInteger();
  private HttpServer server;
  private Path serving;
  private byte[] before;

  @BeforeEach
  void start() throws IOException {
    serving = Files.copy(DATA.resolve("GeoLite2-City-Test.mmdb"), folder.resolve("city.mmdb"));
    before = Files.readAllBytes(serving);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/city.mmdb",
        exchange -> {
          byte[] bytes = Files.readAllBytes(NEWER);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.createContext(
        "/moved",
        exchange -> {
          exchange.getResponseHeaders().set("Location", url("/elsewhere"));
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    server.createContext(
        "/elsewhere",
        exchange -> {
          elsewhere.incrementAndGet();
          exchange.close();
        });
    server.createContext(
        "/slow",
        exchange -> {
          exchange.sendResponseHeaders(200, 1_000);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
          awaitQuietly(ended);
        });
    server.start();
  }

  @AfterEach
  void stop() {
    ended.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private static Optional<String> sumOf(Path file) throws IOException {
    return Optional.of(GeoFile.of(GeoKind.CITY, Files.readAllBytes(file)).version());
  }

  private GeoUpdate.Updated take(String from, Optional<String> sum) throws IOException {
    return new GeoUpdate(GeoKind.CITY, serving, ROOM).take(from, sum, PATIENCE);
  }

  private void assertRefused(String from, Optional<String> sum, String reason) throws IOException {
    IOException refused = assertThrows(IOException.class, () -> take(from, sum));
    assertTrue(String.valueOf(refused.getMessage()).contains(reason), refused.toString());
    assertUntouched();
  }

  private void assertUntouched() throws IOException {
    assertEquals(-1, Files.mismatch(serving, Files.write(folder.resolve("before"), before)));
    try (Stream<Path> files = Files.list(folder)) {
      List<String> hidden =
          files.map(f -> f.getFileName().toString()).filter(n -> n.startsWith(".")).toList();
      assertEquals(List.of(), hidden);
    }
  }

  @Test
  void aFileWithItsChecksumBesideIsInPlaceAndTakenByWhoWatches() throws Exception {
    Path from = Files.copy(NEWER, folder.resolve("newer"));
    Files.writeString(folder.resolve("newer.sha256"), sumOf(NEWER).get() + "  newer\n");
    Files.setPosixFilePermissions(serving, PosixFilePermissions.fromString("rw-r-----"));
    try (GeoDatabase watching = new GeoDatabase(serving, InstantSource.system(), PATIENCE)) {
      GeoUpdate.Updated now = take(from.toString(), Optional.empty());
      assertTrue(now.fresh());
      assertEquals(sumOf(NEWER).get(), now.version());
      assertTrue(watching.reloadIfChanged());
      assertEquals("SE", watching.locate(LINKOPING).orElseThrow().country());
    }
    assertEquals(
        "rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(serving)));
    assertFalse(take(from.toString(), Optional.empty()).fresh());
  }

  @Test
  void aUrlIsDownloadedWithTheChecksumThatWasGiven() throws Exception {
    GeoUpdate.Updated now = take(url("/city.mmdb"), sumOf(NEWER));
    assertTrue(now.fresh());
    assertEquals(-1, Files.mismatch(NEWER, serving));
    Path first = folder.resolve("first.mmdb");
    new GeoUpdate(GeoKind.CITY, first, ROOM).take(url("/city.mmdb"), sumOf(NEWER), PATIENCE);
    assertEquals(-1, Files.mismatch(NEWER, first));
  }

  @Test
  void whatIsNotAsAnnouncedIsRefused() throws Exception {
    Path from = Files.copy(NEWER, folder.resolve("newer"));
    assertRefused(from.toString(), sumOf(SYSTEMS), "it was cut or changed on its way");
    assertRefused(from.toString(), Optional.empty(), "no checksum: give --sha256");
    assertRefused(from.toString(), Optional.of("12ab"), "64 hexadecimal digits");
    Files.writeString(folder.resolve("newer.sha256"), "x".repeat(5_000));
    assertRefused(from.toString(), Optional.empty(), "more than 4096 bytes");
    assertRefused(url("/city.mmdb"), Optional.empty(), "over http anybody on the way");
    assertRefused(folder.resolve("none").toString(), sumOf(NEWER), "none is not there");
    assertRefused("http://user@127.0.0.1/", sumOf(NEWER), "not a URL");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GeoIP2-City-Test-Broken-Double-Format.mmdb",
        "GeoIP2-City-Test-Invalid-Node-Count.mmdb",
        "GeoLite2-ASN-Test.mmdb",
        "README.md"
      })
  void aBrokenFileIsRefusedThoughItsChecksumIsRight(String name) throws Exception {
    assertRefused(DATA.resolve(name).toString(), sumOf(DATA.resolve(name)), "");
  }

  @Test
  void eachKindWantsItsOwnRecords() throws Exception {
    Path systems = folder.resolve("asn.mmdb");
    GeoUpdate update = new GeoUpdate(GeoKind.ASN, systems, ROOM);
    assertTrue(update.take(SYSTEMS.toString(), sumOf(SYSTEMS), PATIENCE).fresh());
    assertThrows(IOException.class, () -> update.take(NEWER.toString(), sumOf(NEWER), PATIENCE));
    assertEquals(-1, Files.mismatch(SYSTEMS, systems));
  }

  @Test
  void aCompressedFileIsNamed() throws Exception {
    Path from = Files.write(folder.resolve("city.gz"), new byte[] {0x1f, (byte) 0x8b, 8});
    assertRefused(from.toString(), sumOf(from), "unpack it");
  }

  @Test
  void noServerSendsItElsewhereForEverOrWithoutEnd() throws Exception {
    assertRefused(url("/moved"), sumOf(NEWER), "answers from elsewhere, " + url("/elsewhere"));
    assertEquals(0, elsewhere.get());
    assertRefused(url("/nothing"), sumOf(NEWER), "is not there");
    for (String large : List.of(url("/city.mmdb"), NEWER.toString())) {
      IOException refused =
          assertThrows(
              IOException.class,
              () ->
                  new GeoUpdate(GeoKind.CITY, serving, 1_000).take(large, sumOf(NEWER), PATIENCE));
      assertTrue(String.valueOf(refused.getMessage()).contains("1000"), refused.toString());
    }
    IOException slow =
        assertThrows(
            IOException.class,
            () ->
                new GeoUpdate(GeoKind.CITY, serving, ROOM)
                    .take(url("/slow"), sumOf(NEWER), Duration.ofMillis(500)));
    assertTrue(String.valueOf(slow.getMessage()).contains("took longer"), slow.toString());
    assertUntouched();
  }
}
