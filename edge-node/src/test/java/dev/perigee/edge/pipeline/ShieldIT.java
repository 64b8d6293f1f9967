package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CacheRule;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.TierPolicy;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Edges behind a shield: one request at the origin, and all else as if the shield were not there.
 */
@ExtendWith(NothingLeaks.class)
@Timeout(120)
final class ShieldIT {
  private static final String FRESH = "Cache-Control: max-age=60";

  @TempDir Path folder;
  private ScriptedOrigin origin;
  private NetworkUnderTest network;

  @BeforeEach
  void start() {
    origin = ScriptedOrigin.start();
    network = new NetworkUnderTest(folder, origin.port(), 100);
  }

  @AfterEach
  void stop() throws Exception {
    network.close();
    origin.close();
  }

  private void twoEdgesAndAShield() throws Exception {
    network.add("edge-1", "eu", false);
    network.add("edge-2", "ap", false);
    network.add("shield-1", "us", true);
    network.configure();
  }

  @Test
  void aHerdAtTwentyEdgesCostsTheOriginOneRequest() throws Exception {
    int edges = 20;
    int readersEach = 5;
    for (int i = 1; i <= edges; i++) {
      network.add("edge-" + i, "region-" + i % 4, false);
    }
    network.add("shield-1", "us", true);
    network.configure();
    CountDownLatch all = new CountDownLatch(edges * readersEach);
    origin.on(
        "/herd",
        call -> {
          assertTrue(all.await(20, TimeUnit.SECONDS), "every reader has asked");
          call.ok("once", FRESH);
        });
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Response>> answers = new ArrayList<>();
      for (int i = 1; i <= edges; i++) {
        int port = network.node("edge-" + i).port();
        for (int n = 0; n < readersEach; n++) {
          answers.add(
              readers.submit(
                  () -> {
                    try (RawClient client = new RawClient(port)) {
                      client.send("GET", "/herd");
                      all.countDown();
                      return client.response(false);
                    }
                  }));
        }
      }
      for (Future<Response> answer : answers) {
        assertEquals("once", answer.get(30, TimeUnit.SECONDS).body());
      }
    }
    assertEquals(1, origin.requests("/herd").size());
  }

  @Test
  void theAnswerIsAsOfOneCacheAndSaysWhereItHasBeen() throws Exception {
    twoEdgesAndAShield();
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(Instant.now().atOffset(ZoneOffset.UTC));
    origin.on(
        "/a", call -> call.ok("body", FRESH, "Surrogate-Control: max-age=30", "Date: " + date));
    Response first = network.node("edge-1").get("/a", "Perigee-Peer: tier=shield");
    assertEquals("body", first.body());
    String forwarded = "perigee; fwd=uri-miss; fwd-status=200; ttl=(\\d+); stored";
    Matcher both = Pattern.compile(forwarded + ", " + forwarded).matcher(first.cacheStatus());
    assertTrue(both.matches(), first.cacheStatus());
    assertTrue(ttl(both, 2) <= ttl(both, 1) && ttl(both, 1) <= 30, first.cacheStatus());
    assertEquals(List.of("1.1 perigee, 1.1 perigee"), first.all("Via"));
    assertEquals(List.of(), first.all("Surrogate-Control"), "it was for us");
    assertEquals(List.of(), first.all("Perigee-Peer"));

    network.later(Duration.ofSeconds(10));
    Response second = network.node("edge-2").get("/a");
    Matcher hit =
        Pattern.compile(".*perigee; hit; ttl=(\\d+), " + forwarded).matcher(second.cacheStatus());
    assertTrue(hit.matches(), second.cacheStatus());
    assertTrue(ttl(hit, 1) <= 20, "the lifetime began at the origin: " + second.cacheStatus());
    assertTrue(ttl(hit, 2) <= ttl(hit, 1), second.cacheStatus());
    network.later(Duration.ofSeconds(5));
    Response third = network.node("edge-2").get("/a");
    Matcher own = Pattern.compile(".*perigee; hit; ttl=(\\d+)").matcher(third.cacheStatus());
    assertTrue(own.matches() && ttl(own, 1) <= 15, third.cacheStatus());
    assertTrue(Integer.parseInt(third.first("Age").orElseThrow()) >= 15, third.toString());

    ScriptedOrigin.Seen seen = origin.requests("/a").getFirst();
    assertEquals(1, origin.requests("/a").size());
    assertEquals(List.of("127.0.0.1"), seen.all("X-Forwarded-For"));
    assertEquals(List.of(NetworkUnderTest.HOST), seen.all("Host"));
    assertEquals(List.of("http"), seen.all("X-Forwarded-Proto"));
    assertEquals(List.of("1.1 perigee, 1.1 perigee"), seen.all("Via"));
    assertEquals(List.of(), seen.all("Perigee-Peer"));
  }

  private static int ttl(Matcher status, int group) {
    return Integer.parseInt(status.group(group));
  }

  /** The story: an owner's lifetime counts from when a response comes, and it came twice. */
  @Test
  void aLifetimeOfTheOwnersIsNotBegunAnewAtTheSecondTier() throws Exception {
    twoEdgesAndAShield();
    CacheRule minute =
        new CacheRule(
            List.of(),
            List.of(),
            List.of(),
            CacheRule.Mode.OVERRIDE,
            OptionalLong.of(60),
            OptionalLong.empty(),
            OptionalLong.empty());
    CachePolicy policy =
        new CachePolicy(
            List.of(minute),
            true,
            KeyRule.DEFAULT,
            10_000,
            10_000,
            0,
            100,
            CachePolicy.DEFAULT.setCookie());
    network.configure(TierPolicy.DEFAULT, policy);
    AtomicInteger calls = new AtomicInteger();
    origin.on("/a", call -> call.ok("call " + calls.incrementAndGet()));
    assertEquals("call 1", network.node("edge-1").get("/a").body());
    network.later(Duration.ofSeconds(50));
    assertEquals("call 1", network.node("edge-2").get("/a").body());
    network.later(Duration.ofSeconds(20));
    assertEquals("call 2", network.node("edge-2").get("/a").body());
  }

  @Test
  void aStaleCopyIsValidatedAtTheShield() throws Exception {
    twoEdgesAndAShield();
    origin.on(
        "/a",
        call -> {
          if (call.request().first("If-None-Match").equals(java.util.Optional.of("\"v1\""))) {
            call.send("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n" + FRESH + "\r\n\r\n");
          } else {
            call.ok("body", FRESH, "ETag: \"v1\"");
          }
        });
    network.node("edge-1").get("/a");
    network.node("edge-2").get("/a");
    network.later(Duration.ofSeconds(70));
    Response one = network.node("edge-1").get("/a");
    Response two = network.node("edge-2").get("/a");
    assertEquals("body", one.body());
    assertEquals("body", two.body());
    assertTrue(one.first("Cache-Status").orElseThrow().contains("fwd=stale; fwd-status=304"));
    assertTrue(two.first("Cache-Status").orElseThrow().contains("fwd=stale; fwd-status=304"));
    assertEquals(2, origin.requests("/a").size(), "one fetch, one validation");
  }

  @Test
  void whatCannotBeSharedPassesThroughBoth() throws Exception {
    twoEdgesAndAShield();
    AtomicInteger calls = new AtomicInteger();
    origin.on("/own", call -> call.ok("for " + calls.incrementAndGet(), FRESH, "Set-Cookie: id=1"));
    Response first = network.node("edge-1").get("/own");
    assertEquals("for 1", first.body());
    assertEquals(List.of("id=1"), first.all("Set-Cookie"));
    assertEquals("for 2", network.node("edge-1").get("/own").body());
    assertEquals("for 3", network.node("edge-2").get("/own").body());
    assertEquals(0, network.node("shield-1").stored());
  }

  @Test
  void eachVariantIsKeptAtBoth() throws Exception {
    twoEdgesAndAShield();
    origin.on(
        "/v",
        call ->
            call.ok(
                call.request().first("Accept-Language").orElse("none"),
                FRESH,
                "Vary: Accept-Language"));
    for (String edge : List.of("edge-1", "edge-2", "edge-1")) {
      assertEquals("de", network.node(edge).get("/v", "Accept-Language: de").body());
      assertEquals("fr", network.node(edge).get("/v", "Accept-Language: fr").body());
    }
    assertEquals(2, origin.requests("/v").size());
  }

  @Test
  void anUnsafeRequestInvalidatesAtTheShieldToo() throws Exception {
    twoEdgesAndAShield();
    AtomicInteger version = new AtomicInteger(1);
    origin.on(
        "/a",
        call -> {
          if (call.request().method().equals("POST")) {
            version.incrementAndGet();
            call.ok("done");
          } else {
            call.ok("v" + version.get(), FRESH);
          }
        });
    assertEquals("v1", network.node("edge-1").get("/a").body());
    try (RawClient poster = new RawClient(network.node("edge-1").port())) {
      poster.send("POST", "/a", "Content-Length: 300000");
      poster.send("x".repeat(300_000));
      assertEquals("done", poster.response(false).body());
    }
    assertEquals("v2", network.node("edge-1").get("/a").body());
    assertEquals(300_000, origin.requests("/a").get(1).bodyBytes());
  }

  @Test
  void rangesComeInSlicesThroughTheShield() throws Exception {
    twoEdgesAndAShield();
    StringBuilder text = new StringBuilder();
    while (text.length() < 4 * NetworkUnderTest.SLICE_BYTES) {
      text.append(text.length()).append(' ');
    }
    String body = text.substring(0, 3 * NetworkUnderTest.SLICE_BYTES + 100);
    origin.on(
        "/film",
        call -> {
          String[] range = call.request().first("Range").orElseThrow().substring(6).split("-", 2);
          int first = Integer.parseInt(range[0]);
          int last = Math.min(Integer.parseInt(range[1]), body.length() - 1);
          call.send(
              "HTTP/1.1 206 Partial Content\r\nETag: \"f\"\r\n"
                  + FRESH
                  + "\r\nContent-Range: bytes "
                  + (first + "-" + last + "/" + body.length())
                  + "\r\nContent-Length: "
                  + (last - first + 1)
                  + "\r\n\r\n"
                  + body.substring(first, last + 1));
        });
    int from = NetworkUnderTest.SLICE_BYTES - 10;
    for (String edge : List.of("edge-1", "edge-2")) {
      Response part = network.node(edge).get("/film", "Range: bytes=" + from + "-" + (from + 19));
      assertEquals(206, part.status());
      assertEquals(body.substring(from, from + 20), part.body());
    }
    assertEquals(2, origin.requests("/film").size(), "two slices, for both edges");
  }

  @Test
  void aDeadShieldIsFollowedByTheNextAndThenByTheOrigin() throws Exception {
    network.add("edge-1", "eu", false);
    network.add("shield-1", "us", true);
    network.add("shield-2", "us", true);
    network.configure();
    for (String target : List.of("/1", "/2", "/3")) {
      origin.on(target, call -> call.ok("body", FRESH));
    }
    NetworkUnderTest.Node edge = network.node("edge-1");
    edge.get("/1");
    Awaitility.await()
        .until(() -> network.node("shield-1").stored() + network.node("shield-2").stored() == 1);
    String first = network.node("shield-1").stored() == 1 ? "shield-1" : "shield-2";
    String second = first.equals("shield-1") ? "shield-2" : "shield-1";
    assertEquals(0, network.node(second).stored());
    network.node(first).die();
    assertEquals(200, edge.get("/2").status());
    network.node(second).awaitStored(1);
    network.node(second).die();
    Response straight = edge.get("/3");
    assertEquals("body", straight.body());
    assertEquals(List.of("1.1 perigee"), straight.all("Via"));
    assertEquals(1, origin.requests("/3").size());
  }

  @Test
  void anAddressOfAShieldThatLeadsNowhereCostsNoRequest() throws Exception {
    twoEdgesAndAShield();
    network.node("shield-1").at("127.0.0.9", "127.0.0.1");
    network.configure();
    for (String target : List.of("/1", "/2", "/3", "/4")) {
      origin.on(target, call -> call.ok("body", FRESH));
      Response answer = network.node("edge-1").get(target);
      assertEquals("body", answer.body());
      assertEquals(List.of("1.1 perigee, 1.1 perigee"), answer.all("Via"));
    }
    assertEquals(0, network.node("edge-1").peersInTrouble());
    network.node("shield-1").awaitStored(4);
  }

  @Test
  void anOriginThatFailsTheShieldIsNotAskedByTheEdgesToo() throws Exception {
    twoEdgesAndAShield();
    origin.on("/down", ScriptedOrigin.Call::reset);
    Response answer = network.node("edge-1").get("/down");
    assertEquals(502, answer.status());
    assertEquals(
        "perigee; fwd=uri-miss; detail=origin-reset", answer.first("Cache-Status").orElseThrow());
    assertEquals(1, origin.requests("/down").size());
  }

  @Test
  void aShieldThatMayServeNothingIsPassedBy() throws Exception {
    twoEdgesAndAShield();
    network.node("shield-1").serving(Serving.NOTHING);
    origin.on("/a", call -> call.ok("body", FRESH));
    Response answer = network.node("edge-1").get("/a");
    assertEquals("body", answer.body());
    assertEquals(List.of("1.1 perigee"), answer.all("Via"));
  }

  @Test
  void anEdgeThatMissesPurgesAsksTheOriginItself() throws Exception {
    twoEdgesAndAShield();
    AtomicInteger calls = new AtomicInteger();
    origin.on("/a", call -> call.ok("call " + calls.incrementAndGet(), FRESH));
    network.node("edge-2").get("/a");
    network.node("edge-1").serving(Serving.NO_HITS);
    assertEquals("call 2", network.node("edge-1").get("/a").body());
    assertFalse(network.node("edge-1").get("/a").body().equals("call 1"));
  }

  @Test
  void aSiteThatWantsNoShieldHasNone() throws Exception {
    twoEdgesAndAShield();
    network.configure(new TierPolicy(false, false), CachePolicy.DEFAULT);
    origin.on("/a", call -> call.ok("body", FRESH));
    network.node("edge-1").get("/a");
    network.node("edge-2").get("/a");
    assertEquals(2, origin.requests("/a").size());
    assertEquals(0, network.node("shield-1").stored());
  }
}
