package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Purge is final, from a shield too: an edge that has applied a purge is not given what it covers,
 * whether the shield has applied it or not.
 */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class ShieldPurgeIT {
  private static final String FRESH = "Cache-Control: max-age=600";
  private static final String TAG = "Surrogate-Key: news front";
  private static final PurgeScope URL = new PurgeScope.Url(NetworkUnderTest.HOST, "/news/a");

  @TempDir Path folder;
  private ScriptedOrigin origin;
  private NetworkUnderTest network;
  private final AtomicInteger version = new AtomicInteger(1);
  private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    begin(50);
  }

  private void begin(long purgeWaitMillis) throws Exception {
    network =
        new NetworkUnderTest(folder.resolve("w" + purgeWaitMillis), origin.port(), purgeWaitMillis);
    network.add("edge-1", "eu", false);
    network.add("edge-2", "eu", false);
    network.add("shield-1", "us", true);
    network.configure();
    versioned(FRESH, TAG);
  }

  @AfterEach
  void stop() throws Exception {
    readers.shutdownNow();
    network.close();
    origin.close();
  }

  /** The current version, with its number as its tag; 304 to who has it. */
  private void versioned(String... fields) {
    origin.on(
        "/news/a",
        call -> {
          String tag = "\"v" + version.get() + "\"";
          if (call.request().first("If-None-Match").equals(Optional.of(tag))) {
            call.send("HTTP/1.1 304 Not Modified\r\nETag: " + tag + "\r\n\r\n");
            return;
          }
          String[] all = java.util.Arrays.copyOf(fields, fields.length + 1);
          all[fields.length] = "ETag: " + tag;
          call.ok("v" + version.get(), all);
        });
  }

  private Response get(String edge) throws Exception {
    return network.node(edge).get("/news/a");
  }

  static Stream<Arguments> everyKind() {
    return Stream.of(
            URL,
            new PurgeScope.Prefix(Optional.empty(), "/news/"),
            new PurgeScope.Prefix(Optional.of(NetworkUnderTest.HOST), "/news/"),
            new PurgeScope.Host(NetworkUnderTest.HOST),
            new PurgeScope.Tag("front"),
            new PurgeScope.Everything())
        .flatMap(scope -> Stream.of(Arguments.of(scope, false), Arguments.of(scope, true)));
  }

  /** With a copy of its own or without: the shield's old one is not given out, nor confirmed. */
  @ParameterizedTest
  @MethodSource("everyKind")
  void aShieldWhosePurgesAreHeldBackGivesNothingOld(PurgeScope scope, boolean soft)
      throws Exception {
    assertEquals("v1", get("edge-1").body());
    version.set(2);
    network.purge(scope, soft, "edge-1", "edge-2");
    assertEquals("v2", get("edge-1").body(), "it had a copy");
    assertEquals("v2", get("edge-2").body(), "it had none");
    assertEquals("v2", get("edge-1").body());
    network.node("shield-1").catchUp();
    assertEquals("v2", get("edge-2").body());
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void aShieldThatHasAppliedItAsksTheOrigin(PurgeScope scope, boolean soft) throws Exception {
    assertEquals("v1", get("edge-1").body());
    version.set(2);
    network.purge(scope, soft, "edge-1", "edge-2", "shield-1");
    assertEquals("v2", get("edge-1").body());
    int asked = origin.requests("/news/a").size();
    assertEquals("v2", get("edge-2").body());
    assertEquals(asked, origin.requests("/news/a").size(), "the shield has it by now");
  }

  @Test
  void whatAShieldFetchedWhileItWasBehindItDoesNotKeep() throws Exception {
    assertEquals("v1", get("edge-1").body());
    version.set(2);
    network.purge(URL, false, "edge-1");
    Response answer = get("edge-1");
    assertTrue(
        answer.first("Cache-Status").orElseThrow().contains("detail=purge-behind"),
        answer.toString());
    network.node("shield-1").catchUp();
    Awaitility.await().until(() -> network.node("shield-1").stored() == 0);
  }

  @Test
  void aRequestWaitsForAPurgeThatIsOnItsWayToTheShield() throws Exception {
    network.close();
    begin(60_000);
    assertEquals("v1", get("edge-1").body());
    version.set(2);
    network.purge(URL, false, "edge-1", "edge-2");
    List<Future<Response>> both =
        List.of(readers.submit(() -> get("edge-1")), readers.submit(() -> get("edge-2")));
    Awaitility.await().until(() -> network.node("shield-1").waiting() == 2);
    network.node("shield-1").catchUp();
    for (Future<Response> answer : both) {
      assertEquals("v2", answer.get(20, TimeUnit.SECONDS).body());
    }
    assertEquals(2, origin.requests("/news/a").size(), "the second edge is served by the shield");
  }

  /** Whoever has applied the purge joins no fetch from before it, at the edge nor at the shield. */
  @ParameterizedTest
  @MethodSource("everyKind")
  void aFillInFlightAtTheShieldWhenThePurgeComesIsNotJoined(PurgeScope scope, boolean soft)
      throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/news/a",
        call -> {
          boolean first = calls.incrementAndGet() == 1;
          String body = first ? "old" : "new";
          if (first) {
            begun.countDown();
            assertTrue(goOn.await(20, TimeUnit.SECONDS));
          }
          call.ok(body, FRESH, TAG);
        });
    Future<Response> before = readers.submit(() -> get("edge-1"));
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    network.purge(scope, soft, "edge-1", "edge-2", "shield-1");
    assertEquals("new", get("edge-2").body());
    assertEquals("new", get("edge-1").body());
    goOn.countDown();
    assertEquals("old", before.get(20, TimeUnit.SECONDS).body(), "asked before the purge");
    assertEquals("new", get("edge-1").body());
    assertEquals("new", get("edge-2").body());
  }

  @Test
  void theSameWhereThePurgeHasNotComeToTheShield() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/news/a",
        call -> {
          if (calls.incrementAndGet() == 1) {
            begun.countDown();
            assertTrue(goOn.await(20, TimeUnit.SECONDS));
            call.ok("old", FRESH);
          } else {
            call.ok("new", FRESH);
          }
        });
    Future<Response> before = readers.submit(() -> get("edge-1"));
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    network.purge(URL, false, "edge-1", "edge-2");
    assertEquals("new", get("edge-2").body());
    goOn.countDown();
    assertEquals("old", before.get(20, TimeUnit.SECONDS).body());
    assertEquals("new", get("edge-1").body(), "the old one was not stored");
    network.node("shield-1").catchUp();
    assertEquals("new", get("edge-2").body());
  }

  /**
   * The story: stale for the shield, but by its age fresh for an edge that had never heard of it.
   */
  @Test
  void whatASoftPurgeMadeStaleIsNotFreshAtAnEdge() throws Exception {
    versioned("Cache-Control: max-age=600, stale-while-revalidate=600, stale-if-error=600");
    assertEquals("v1", get("edge-1").body());
    version.set(2);
    network.purge(URL, true, "edge-1", "edge-2", "shield-1");
    assertEquals("v2", get("edge-2").body(), "stale-while-revalidate is for readers of a node");
    assertEquals("v1", get("edge-1").body(), "its own reader may have it stale");
    Awaitility.await().until(() -> get("edge-1").body().equals("v2"));
  }

  @Test
  void staleForAnOriginThatIsDownIsForTheOneRequestOnly() throws Exception {
    versioned("Cache-Control: max-age=600, stale-if-error=600");
    assertEquals("v1", get("edge-1").body());
    network.purge(URL, true, "edge-1", "edge-2", "shield-1");
    origin.on("/news/a", ScriptedOrigin.Call::reset);
    Response stale = get("edge-2");
    assertEquals("v1", stale.body(), "it has none of its own: the shield's stands in");
    assertTrue(stale.first("Cache-Status").orElseThrow().endsWith("detail=peer-stale"));
    Response own = get("edge-1");
    assertEquals("v1", own.body(), "304 of the shield confirms nothing: its own stands in");
    assertTrue(own.first("Cache-Status").orElseThrow().endsWith("detail=peer-stale"));
    versioned(FRESH);
    version.set(2);
    assertEquals("v2", get("edge-1").body());
    assertEquals("v2", get("edge-2").body());
  }

  @Test
  void hardPurgedIsNotServedStaleByAnybody() throws Exception {
    versioned("Cache-Control: max-age=600, stale-if-error=600");
    assertEquals("v1", get("edge-1").body());
    network.purge(URL, false, "edge-1", "edge-2");
    origin.on("/news/a", ScriptedOrigin.Call::reset);
    assertEquals(502, get("edge-1").status(), "the shield is behind and has it still");
    assertEquals(502, get("edge-2").status());
    network.node("shield-1").catchUp();
    assertEquals(502, get("edge-2").status());
  }

  @Test
  void aShieldThatCountsInAnotherLogIsTakenToBeBehind() throws Exception {
    assertEquals("v1", get("edge-1").body());
    version.set(2);
    network.node("edge-2").adopt("another-log");
    assertEquals("v2", get("edge-2").body());
  }

  @Test
  void slicesAreHeldToIt() throws Exception {
    int slice = NetworkUnderTest.SLICE_BYTES;
    origin.on(
        "/news/film",
        call -> {
          String letter = version.get() == 1 ? "a" : "b";
          String range = call.request().first("Range").orElseThrow();
          int first = Integer.parseInt(range.substring(6, range.indexOf('-')));
          call.send(
              "HTTP/1.1 206 Partial Content\r\n"
                  + FRESH
                  + "\r\nETag: \""
                  + letter
                  + "\"\r\nContent-Length: "
                  + slice
                  + "\r\nContent-Range: bytes "
                  + (first + "-" + (first + slice - 1) + "/" + 4 * slice)
                  + "\r\n\r\n"
                  + letter.repeat(slice));
        });
    String[] range = {"Range: bytes=0-2"};
    assertEquals("aaa", network.node("edge-1").get("/news/film", range).body());
    version.set(2);
    PurgeScope film = new PurgeScope.Url(NetworkUnderTest.HOST, "/news/film");
    network.purge(film, false, "edge-1", "edge-2");
    assertEquals("bbb", network.node("edge-1").get("/news/film", range).body());
    assertEquals("bbb", network.node("edge-2").get("/news/film", range).body());
    network.node("shield-1").catchUp();
    network.later(Duration.ofSeconds(1));
    assertEquals("bbb", network.node("edge-2").get("/news/film", range).body());
  }
}
