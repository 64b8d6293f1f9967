package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Origins that are down, slow, strange or chatty; and bodies on their way to them. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class OriginTroubleIT {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private Response get(String target, String... fields) throws Exception {
    return RawClient.get(edge.port(), target, fields);
  }

  @Test
  void earlyHintsEndNoExchange() throws Exception {
    String hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    origin.on("/one", call -> call.send(hints + OK));
    origin.on("/two", call -> call.send(hints + hints + OK));
    origin.on(
        "/parts",
        call -> {
          for (char c : (hints + "HTTP/1.1 102 Processing\r\n\r\n" + OK).toCharArray()) {
            call.send(String.valueOf(c));
          }
        });
    for (int i = 0; i < 3; i++) {
      for (String target : new String[] {"/one", "/two", "/parts"}) {
        Response response = get(target);
        assertEquals(200, response.status(), target);
        assertEquals("good", response.body(), target);
      }
    }
  }

  /** RFC 9110, section 15.2: a proxy forwards 1xx responses, but for 100. */
  @Test
  void interimResponsesReachTheOneWhoAskedAndNobodyElse() throws Exception {
    String hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: close\r\n\r\n";
    origin.on("/a", call -> call.send(hints + "HTTP/1.1 102 Processing\r\n\r\n" + OK));
    origin.on("/bad", call -> call.send("HTTP/1.1 103 x\r\nno field\r\n\r\n" + OK));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a");
      Response first = client.head();
      assertEquals(103, first.status());
      assertEquals(List.of("Link: </a.css>"), first.lines());
      assertEquals(102, client.head().status());
      assertEquals("good", client.response(false).body());
      client.send("GET", "/bad");
      assertEquals(502, client.head().status());
    }
    Response http10 =
        RawClient.raw(edge.port(), "GET /a HTTP/1.0\r\nHost: www.shop.example\r\n\r\n");
    assertEquals(200, http10.status());
  }

  @Test
  void refusedConnectionIs502ThatSaysSo() throws Exception {
    origin.close();
    Response response = get("/a");
    assertEquals(502, response.status());
    assertTrue(response.cacheStatus().contains("detail=origin-connect-refused"));
  }

  @Test
  void resetIs502ThatSaysSo() throws Exception {
    origin.on("/a", ScriptedOrigin.Call::reset);
    Response response = get("/a");
    assertEquals(502, response.status());
    assertTrue(response.cacheStatus().contains("detail=origin-reset"), response.cacheStatus());
  }

  @Test
  void silenceIs504ThatSaysSo() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    origin.on("/a", call -> never.await(20, TimeUnit.SECONDS));
    Response response = get("/a");
    assertEquals(504, response.status());
    assertTrue(response.cacheStatus().contains("detail=origin-response-timeout"));
    never.countDown();
  }

  @Test
  void silenceAfterARequestBodyIs504() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    origin.on("/a", call -> never.await(20, TimeUnit.SECONDS));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/a", "Content-Length: 3");
      client.send("abc");
      assertEquals(504, client.response(false).status());
    }
    never.countDown();
  }

  @Test
  void halfAStatusLineIs502() throws Exception {
    origin.on(
        "/a",
        call -> {
          call.send("HTTP/1.1");
          call.close();
        });
    assertEquals(502, get("/a").status());
  }

  @Test
  void truncatedBodyIsNeverWhole() throws Exception {
    origin.on(
        "/a",
        call -> {
          call.send(
              "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf");
          call.close();
        });
    for (int i = 0; i < 2; i++) {
      try (RawClient client = new RawClient(edge.port())) {
        client.send("GET", "/a");
        client.head();
        assertEquals("half", client.read(4));
        assertTrue(client.atEnd());
      }
      Awaitility.await().until(() -> edge.openFetches() == 0);
    }
    assertEquals(2, origin.requests("/a").size());
  }

  @Test
  void staleStandsInForAnErrorWhereAllowed() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/a",
        call -> {
          if (calls.incrementAndGet() == 1) {
            call.ok("good", "Cache-Control: max-age=5, stale-if-error=60");
          } else {
            call.send("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
          }
        });
    get("/a");
    Awaitility.await().until(() -> edge.openFetches() == 0);
    edge.later(Duration.ofSeconds(10));
    Response byStatus = get("/a");
    assertEquals("good", byStatus.body());
    assertTrue(byStatus.cacheStatus().contains("detail=origin-status-500"));
    origin.close();
    Response byRefusal = get("/a");
    assertEquals("good", byRefusal.body());
    edge.later(Duration.ofMinutes(2));
    assertEquals(502, get("/a").status());
  }

  @Test
  void nextServerIsAskedWhereOneIsDown(@TempDir Path other) throws Exception {
    origin.on("/a", call -> call.ok("good", "Cache-Control: no-store"));
    int down = Loopback.freePort("127.0.0.1");
    try (EdgeUnderTest two = new EdgeUnderTest(other, down, origin.port())) {
      for (int i = 0; i < 4; i++) {
        assertEquals("good", RawClient.get(two.port(), "/a").body());
      }
    }
  }

  @Test
  void keptConnectionThatTheServerClosedCostsNothing() throws Exception {
    origin.on(
        "/a",
        call -> {
          call.send(OK);
          call.close();
        });
    for (int i = 0; i < 5; i++) {
      assertEquals("good", get("/a").body());
    }
  }

  @Test
  void privateAddressesAreRefusedUnlessAllowed(@TempDir Path other) throws Exception {
    try (EdgeUnderTest strict = new EdgeUnderTest(other, false, Runnable::run, origin.port())) {
      Response response = RawClient.get(strict.port(), "/a");
      assertEquals(502, response.status());
      assertTrue(response.cacheStatus().contains("detail=origin-forbidden-address"));
    }
    assertEquals(0, origin.requests().size());
  }

  @Test
  void nameThatIsNeverResolvedIs504(@TempDir Path other) throws Exception {
    try (EdgeUnderTest slow = new EdgeUnderTest(other, true, lookup -> {}, origin.port())) {
      Response response = RawClient.get(slow.port(), "/a");
      assertEquals(504, response.status());
      assertTrue(response.cacheStatus().contains("detail=origin-name-timeout"));
    }
  }

  @Test
  void connectionWhoseRequestWasAnsweredEarlyIsNotUsedAgain() throws Exception {
    origin.onHead("/early", call -> call.send("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"));
    origin.on("/a", call -> call.send(OK));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/early", "Content-Length: 1000");
      client.send("abc");
      assertEquals(413, client.head().status());
    }
    assertEquals("good", get("/a").body());
    assertEquals(2, origin.requests("/a").getFirst().connection());
  }

  /** "Reuse above 99 % in steady state", however many readers come at once. */
  @Test
  void connectionsAreUsedAgain() throws Exception {
    int readers = 64;
    int rounds = 10;
    CyclicBarrier all = new CyclicBarrier(readers);
    ScriptedOrigin.Script together =
        call -> {
          try {
            all.await(20, TimeUnit.SECONDS);
          } catch (BrokenBarrierException | TimeoutException e) {
            call.close();
          }
          call.ok("good", "Cache-Control: no-store");
        };
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < readers; i++) {
        origin.on("/" + i, together);
        clients.add(new RawClient(edge.port()));
      }
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < readers; i++) {
          clients.get(i).send("GET", "/" + i);
        }
        for (RawClient client : clients) {
          assertEquals("good", client.response(false).body());
        }
      }
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
    long opened =
        origin.requests().stream().map(ScriptedOrigin.Seen::connection).distinct().count();
    assertEquals(readers * rounds, origin.requests().size());
    assertTrue(opened <= readers + readers * rounds / 100, opened + " connections");
  }

  @Test
  void uploadOfFiftyMebibytesArrives() throws Exception {
    origin.on("/up", call -> call.ok("" + call.request().bodyBytes()));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/up", "Content-Length: " + (50 << 20));
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < 50; i++) {
        client.send(block);
      }
      assertEquals("" + (50 << 20), client.response(false).body());
    }
  }

  @Test
  void chunkedUploadArrives() throws Exception {
    origin.on("/up", call -> call.ok("" + call.request().bodyBytes()));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/up", "Transfer-Encoding: chunked");
      client.send("3\r\nabc\r\n");
      client.send("2\r\nde\r\n0\r\n\r\n");
      assertEquals("5", client.response(false).body());
    }
  }

  @Test
  void expectationIsMetBeforeTheBody() throws Exception {
    origin.on("/up", call -> call.ok("" + call.request().bodyBytes()));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/up", "Content-Length: 3", "Expect: 100-continue");
      assertEquals(100, client.head().status());
      client.send("abc");
      assertEquals("3", client.response(false).body());
    }
  }
}
