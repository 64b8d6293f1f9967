package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.TierPolicy;
import dev.perigee.contract.WarmUrl;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.testkit.FlatGeoFile;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import dev.perigee.testkit.ScriptedOrigin.Seen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * An edge and a shield are one network to both sides: what passes one of them passes both, who
 * tells of one reader tells of the same at the origin, and only a loop from outside is a loop.
 */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class ThroughShieldIT {
  private static final String FRESH = "Cache-Control: max-age=60";
  private static final String THROUGH_BOTH = "1.1 perigee, 1.1 perigee";

  @TempDir Path folder;
  private ScriptedOrigin origin;
  private NetworkUnderTest network;
  private NetworkUnderTest.Node edge;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    network = new NetworkUnderTest(folder, origin.port(), 100);
    edge = network.add("edge-1", "eu", false);
    network.add("edge-2", "eu", false);
    network.add("shield-1", "us", true);
    network.configure();
  }

  @AfterEach
  void stop() throws Exception {
    network.close();
    origin.close();
  }

  @Test
  void aLoopFromOutsideIsAnsweredAtTheFirstNode() throws Exception {
    origin.on("/a", call -> call.ok("body", FRESH));
    for (String name : List.of("edge-1", "shield-1")) {
      Response answer = network.node(name).get("/a", "CDN-Loop: other, perigee; hop=1");
      assertEquals(508, answer.status());
    }
    assertEquals(200, edge.get("/a", "CDN-Loop: other").status());
    assertEquals(1, origin.requests().size());
  }

  /** A loop over the origin: whoever is asked there leads back into the network. */
  @Test
  void anOriginThatLeadsBackIsALoopAfterOneRound() throws Exception {
    network.origin(
        new OriginUrl("http", "127.0.0.1", network.node("edge-2").port()), OriginTransport.DEFAULT);
    network.configure();
    Response answer = edge.get("/a");
    assertEquals(508, answer.status());
    assertEquals(List.of(THROUGH_BOTH), answer.all("Via"), "the loop is hidden with the origin");
    assertEquals(0, network.node("edge-2").stored());
  }

  @Test
  void ownNodesDoNotCountForCdnLoop() throws Exception {
    network.configure(new TierPolicy(true, true), CachePolicy.DEFAULT);
    Set<String> ways = new HashSet<>();
    for (int i = 0; i < 16; i++) {
      String target = "/" + i;
      origin.on(target, call -> call.ok("body", FRESH));
      assertEquals(200, edge.get(target, "CDN-Loop: other; v=1").status());
      Seen seen = origin.requests(target).getFirst();
      assertEquals(List.of("other; v=1, perigee"), seen.all("CDN-Loop"));
      ways.addAll(seen.all("Via"));
    }
    assertEquals(Set.of(THROUGH_BOTH, "1.1 perigee, " + THROUGH_BOTH), ways);
  }

  @Test
  void theOriginLearnsOfTheReaderAndOfTheProxyBeforeTheEdge() throws Exception {
    origin.on("/a", call -> call.ok("body", FRESH));
    try (RawClient proxy = new RawClient(NetworkUnderTest.PROXY, edge.port())) {
      proxy.send("GET", "/a", "X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Request-Id: front-1");
      assertEquals(200, proxy.response(false).status());
    }
    Seen seen = origin.requests("/a").getFirst();
    assertEquals(List.of("192.0.2.7, " + NetworkUnderTest.PROXY), seen.all("X-Forwarded-For"));
    assertEquals(
        List.of("for=192.0.2.7;host=www.shop.example;proto=http, for=" + NetworkUnderTest.PROXY),
        seen.all("Forwarded"));
    assertEquals(List.of("front-1"), seen.all("X-Request-Id"));
    assertEquals(List.of(THROUGH_BOTH), seen.all("Via"));
  }

  @Test
  void hintsComeThroughBothWithoutWhatOnlyNodesSay() throws Exception {
    origin.on(
        "/a",
        call -> {
          call.send("HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n");
          call.send(PeerHop.FIELD + ": stale\r\n\r\n");
          call.ok("body", FRESH);
        });
    try (RawClient reader = new RawClient(edge.port())) {
      reader.send("GET", "/a");
      Response hints = reader.head();
      assertEquals(103, hints.status());
      assertEquals(List.of("</s.css>; rel=preload"), hints.all("Link"));
      assertEquals(List.of(), hints.all(PeerHop.FIELD));
      assertEquals("body", reader.response(false).body());
    }
  }

  @Test
  void aBodyThatWaitsForLeaveGetsItFromTheOrigin() throws Exception {
    origin.on("/up", call -> call.ok("taken"));
    try (RawClient reader = new RawClient(edge.port())) {
      reader.send("POST", "/up", "Content-Length: 5", "Expect: 100-continue");
      assertEquals(100, reader.head().status());
      reader.send("12345");
      assertEquals("taken", reader.response(false).body());
    }
    Seen seen = origin.requests("/up").getFirst();
    assertEquals(List.of("100-continue"), seen.all("Expect"));
    assertEquals(5, seen.bodyBytes());
    assertEquals(List.of(THROUGH_BOTH), seen.all("Via"));
  }

  @Test
  void bodiesStreamBothWaysAtOnceAndTrailersFollow() throws Exception {
    origin.onHead(
        "/both",
        call -> {
          call.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
          StringBuilder came = new StringBuilder();
          byte[] octet = new byte[1];
          for (int i = 0; i < 3; i++) {
            while (came.indexOf("ab" + i) < 0) {
              call.receive(octet);
              came.append((char) octet[0]);
            }
            call.send("3\r\nab" + i + "\r\n");
          }
          call.send("0\r\nX-Sum: 9\r\n" + PeerHop.FIELD + ": stale\r\n\r\n");
        });
    try (RawClient reader = new RawClient(edge.port())) {
      reader.send("POST", "/both", "Transfer-Encoding: chunked", "TE: trailers", "Connection: TE");
      for (int i = 0; i < 3; i++) {
        reader.send("3\r\nab" + i + "\r\n");
        if (i == 0) {
          assertEquals(200, reader.head().status());
        }
        readTo(reader, "ab" + i);
      }
      reader.send("0\r\n\r\n");
      String end = readTo(reader, "\r\n\r\n");
      assertTrue(end.endsWith("X-Sum: 9\r\n\r\n"), end);
      assertFalse(end.contains(PeerHop.FIELD), end);
    }
  }

  private static String readTo(RawClient reader, String end) throws IOException {
    StringBuilder came = new StringBuilder();
    while (came.indexOf(end) < 0) {
      came.append(reader.read(1));
    }
    return came.toString();
  }

  /** Decision 12: a connection that is nobody else's gains nothing by a node between. */
  @Test
  void aWebSocketGoesStraightToTheOrigin() throws Exception {
    origin.onHead(
        "/chat",
        call -> {
          assertEquals(List.of("1.1 perigee"), call.request().all("Via"));
          call.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");
          call.send("Upgrade: websocket\r\n" + PeerHop.FIELD + ": refused=node-busy\r\n");
          call.send("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
          byte[] one = new byte[1];
          while (call.receive(one) == 1 && one[0] != '!') {
            call.send(one);
          }
          call.close();
        });
    try (RawClient reader = new RawClient(edge.port())) {
      reader.send(
          "GET",
          "/chat",
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
      Response switched = reader.head();
      assertEquals(101, switched.status());
      assertEquals(List.of(), switched.all(PeerHop.FIELD));
      reader.send("hello");
      assertEquals("hello", reader.read(5));
      assertEquals(0, network.node("shield-1").originConnections());
      assertEquals(1, edge.originConnections());
      reader.send("!");
      assertTrue(reader.atEnd());
    }
  }

  @Test
  void whatIsWarmedAtOneEdgeIsAtTheShieldForTheNext() throws Exception {
    origin.on("/a", call -> call.ok("body", FRESH));
    BlockingQueue<FromEdge.Warmed> told = new LinkedBlockingQueue<>();
    WarmUrl url = new WarmUrl("http", NetworkUnderTest.HOST, "/a");
    edge.warming()
        .warm(new FromControl.WarmUp("job", "shop", 0, List.of(url), Map.of(), 200), told::add);
    assertEquals(
        new FromEdge.Warmed("job", 1, 0, 1, 0, 0, List.of()), told.poll(20, TimeUnit.SECONDS));
    assertTrue(edge.get("/a").cacheStatus().contains("perigee; hit"));
    assertTrue(network.node("edge-2").get("/a").cacheStatus().startsWith("perigee; hit"));
    assertEquals(1, origin.requests("/a").size());
  }

  /** The shield finds out for itself where the reader is, by the address that the edge gives. */
  @Test
  void countriesTellResponsesApartAtTheShieldToo() throws Exception {
    byte[] cities =
        new FlatGeoFile("someone-city")
            .with("127.0.9.0", 24, Map.of("country_code", "DE"))
            .with("127.0.10.0", 24, Map.of("country_code", "FR"))
            .toBytes();
    for (String name : List.of("edge-1", "edge-2", "shield-1")) {
      network.node(name).locate(cities);
    }
    CachePolicy usual = CachePolicy.DEFAULT;
    KeyRule byCountry =
        new KeyRule(KeyRule.Query.ALL, List.of(), false, List.of(), List.of(), false, true);
    network.configure(
        TierPolicy.DEFAULT,
        new CachePolicy(List.of(), true, byCountry, 10_000, 10_000, 0, 100, usual.setCookie()));
    AtomicInteger calls = new AtomicInteger();
    origin.on("/a", call -> call.ok("v" + calls.incrementAndGet(), FRESH));
    for (String name : List.of("edge-1", "edge-2")) {
      assertEquals("v1", from("127.0.9.1", name));
      assertEquals("v2", from("127.0.10.1", name));
    }
    network.node("shield-1").awaitStored(2);
  }

  private String from(String client, String node) throws IOException {
    try (RawClient reader = new RawClient(client, network.node(node).port())) {
      reader.send("GET", "/a");
      Response answer = reader.response(false);
      assertFalse(answer.body().isEmpty());
      return answer.body();
    }
  }
}
