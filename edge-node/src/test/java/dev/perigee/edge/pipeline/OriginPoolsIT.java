package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Breakers;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolRoute;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.contract.StickyCookie;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.origin.pool.Standing;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pools of real servers: another is asked where one fails, and only where that is safe. */
@ExtendWith(NothingLeaks.class)
@Timeout(120)
final class OriginPoolsIT {
  private static final RetryPolicy RETRIES = RetryPolicy.DEFAULT;
  private static final OriginTimeouts TIMEOUTS = OriginTimeouts.DEFAULT;
  private static final Breakers BREAKERS = Breakers.DEFAULT;

  @TempDir Path directory;
  private final List<ScriptedOrigin> origins = new ArrayList<>();
  private EdgeUnderTest edge;

  @BeforeEach
  void start() throws Exception {
    for (int i = 0; i < 3; i++) {
      origins.add(ScriptedOrigin.start());
    }
    edge = new EdgeUnderTest(directory, origins.getFirst().port());
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origins.forEach(ScriptedOrigin::close);
  }

  private PoolServer server(int i) {
    return PoolServer.of(new OriginUrl("http", "127.0.0.1", origins.get(i).port()));
  }

  private static OriginPool pool(
      String name,
      Balance balance,
      Ejection ejection,
      RetryPolicy retries,
      OriginTimeouts timeouts,
      Breakers breakers,
      PoolServer... servers) {
    return new OriginPool(
        name,
        List.of(servers),
        balance,
        Optional.empty(),
        ejection,
        0,
        retries,
        timeouts,
        breakers,
        OriginTransport.DEFAULT);
  }

  private void pools(OriginPool... pools) {
    edge.pools(new OriginPools(List.of(pools), List.of(), ""));
  }

  /** The first server is asked before the second, always. */
  private void inOrder(RetryPolicy retries, OriginTimeouts timeouts) {
    PoolServer spare = new PoolServer(server(1).url(), 1, 1);
    pools(
        pool(
            "p", Balance.DEFAULT, Ejection.DEFAULT, retries, timeouts, BREAKERS, server(0), spare));
  }

  private Response get(String target, String... fields) throws Exception {
    return RawClient.get(edge.port(), target, fields);
  }

  private static void good(ScriptedOrigin origin, String target) {
    origin.on(target, call -> call.ok("good", "Cache-Control: no-store"));
  }

  /** What a server may do to a request. */
  enum Trouble {
    RESET,
    CLOSE,
    GARBAGE,
    TWO_LENGTHS,
    HALF_A_HEAD,
    UNAVAILABLE
  }

  private static ScriptedOrigin.Script script(Trouble trouble) {
    String lengths = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab";
    return switch (trouble) {
      case RESET -> ScriptedOrigin.Call::reset;
      case CLOSE -> ScriptedOrigin.Call::close;
      case GARBAGE -> call -> call.send("what is this\r\n\r\n");
      case TWO_LENGTHS -> call -> call.send(lengths);
      case HALF_A_HEAD ->
          call -> {
            call.send("HTTP/1.1 200 OK\r\nContent-Le");
            call.close();
          };
      case UNAVAILABLE -> call -> call.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    };
  }

  @ParameterizedTest
  @EnumSource(Trouble.class)
  void anotherServerIsAskedWhereOneIsInTrouble(Trouble trouble) throws Exception {
    inOrder(RETRIES, TIMEOUTS);
    origins.get(0).on("/a", script(trouble));
    good(origins.get(1), "/a");
    for (int i = 0; i < 3; i++) {
      assertEquals("good", get("/a").body());
    }
    assertEquals(3, origins.get(1).requests("/a").size());
    Awaitility.await().until(() -> only().requests() == 0);
    assertEquals(0, only().server(0).active() + only().server(1).active());
  }

  private ServerPool only() {
    return edge.pools().all().iterator().next();
  }

  @Test
  void oneThatIsSilentIsGivenUpAfterItsTime() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    inOrder(RETRIES, new OriginTimeouts(0, 200, 0, 0));
    origins.get(0).on("/a", call -> never.await(30, TimeUnit.SECONDS));
    good(origins.get(1), "/a");
    assertEquals("good", get("/a").body());
    never.countDown();
  }

  @Test
  void allAttemptsTogetherHaveATime() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    inOrder(RETRIES, new OriginTimeouts(0, 1500, 0, 300));
    origins.get(0).on("/a", call -> never.await(30, TimeUnit.SECONDS));
    Response response = get("/a");
    assertEquals(504, response.status());
    assertTrue(response.cacheStatus().contains("detail=origin-total-timeout"));
    assertEquals(0, origins.get(1).requests("/a").size());
    never.countDown();
  }

  /** The story: an upload that took longer than all attempts may was cut off when it was sent. */
  @Test
  void anUploadMayTakeLongerThanAllAttempts() throws Exception {
    long total = 300;
    inOrder(RETRIES, new OriginTimeouts(0, 0, 0, total));
    origins
        .get(0)
        .on(
            "/up",
            call -> {
              pass(total);
              call.ok("" + call.request().bodyBytes());
            });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("PUT", "/up", "Content-Length: 6");
      client.send("abc");
      pass(2 * total);
      client.send("def");
      assertEquals("6", client.response(false).body());
    }
  }

  private static void pass(long millis) {
    long begun = System.nanoTime();
    Awaitility.await().until(() -> System.nanoTime() - begun > millis * 1_000_000);
  }

  @Test
  void whatIsNotIdempotentIsSentOnce() throws Exception {
    inOrder(RETRIES, TIMEOUTS);
    origins.get(0).on("/a", ScriptedOrigin.Call::reset);
    good(origins.get(1), "/a");
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/a", "Content-Length: 3");
      client.send("abc");
      Response response = client.response(false);
      assertEquals(502, response.status());
      assertTrue(response.cacheStatus().contains("detail=origin-reset"));
    }
    assertEquals(1, origins.get(0).requests("/a").size());
    assertEquals(0, origins.get(1).requests("/a").size());
  }

  @Test
  void aPostGoesElsewhereWhereNothingWasSent() throws Exception {
    inOrder(RETRIES, TIMEOUTS);
    good(origins.get(1), "/a");
    origins.get(0).close();
    assertEquals("good", RawClient.request(edge.port(), "POST", "/a", "Content-Length: 0").body());
  }

  @Test
  void aSmallBodyIsSentAgainAndALargeOneIsNot() throws Exception {
    inOrder(RETRIES, TIMEOUTS);
    origins.get(0).on("/a", call -> call.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"));
    origins.get(1).on("/a", call -> call.ok("" + call.request().bodyBytes()));
    assertEquals("40000", put(40_000).body());
    assertEquals(503, put(100_000).status());
    assertEquals(1, origins.get(1).requests("/a").size());
  }

  private Response put(int bytes) throws Exception {
    try (RawClient client = new RawClient(edge.port())) {
      client.send("PUT", "/a", "Content-Length: " + bytes);
      client.send("x".repeat(bytes));
      return client.response(false);
    }
  }

  @Test
  void noAttemptsIsNone() throws Exception {
    inOrder(new RetryPolicy(0, List.of(), 0, 20, 3), TIMEOUTS);
    origins.get(0).on("/a", ScriptedOrigin.Call::reset);
    good(origins.get(1), "/a");
    assertEquals(502, get("/a").status());
    assertEquals(0, origins.get(1).requests("/a").size());
  }

  /** A burst of 503: the readers are answered by others, and the server is left alone. */
  @Test
  void retryAfterHasTheServerLeftAlone() throws Exception {
    pools(
        pool(
            "p",
            Balance.DEFAULT,
            Ejection.DEFAULT,
            RETRIES,
            TIMEOUTS,
            BREAKERS,
            server(0),
            server(1),
            server(2)));
    origins
        .get(0)
        .on(
            "/a",
            call -> call.send("HTTP/1.1 503 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"));
    good(origins.get(1), "/a");
    good(origins.get(2), "/a");
    for (int i = 0; i < 12; i++) {
      assertEquals("good", get("/a").body());
    }
    assertEquals(1, origins.get(0).requests("/a").size());
    edge.later(Duration.ofSeconds(61));
    good(origins.get(0), "/a");
    for (int i = 0; i < 6; i++) {
      assertEquals("good", get("/a").body());
    }
    assertTrue(origins.get(0).requests("/a").size() > 1);
  }

  @Test
  void aServerThatFailsIsLeftAlone() throws Exception {
    pools(
        pool(
            "p",
            Balance.DEFAULT,
            Ejection.DEFAULT,
            RETRIES,
            TIMEOUTS,
            BREAKERS,
            server(0),
            server(1),
            server(2)));
    origins.get(0).on("/a", ScriptedOrigin.Call::reset);
    good(origins.get(1), "/a");
    good(origins.get(2), "/a");
    for (int i = 0; i < 30; i++) {
      assertEquals("good", get("/a").body());
    }
    assertEquals(5, origins.get(0).requests("/a").size());
    assertEquals(1, only().ejected());
  }

  @Test
  void pathsGoToTheirPools() throws Exception {
    edge.pools(
        new OriginPools(
            List.of(
                OriginPool.of("web", List.of(server(0))), OriginPool.of("api", List.of(server(1)))),
            List.of(new PoolRoute(List.of("/api/*", "*.json"), "api")),
            "web"));
    for (int i = 0; i < 2; i++) {
      int own = i;
      for (String target : new String[] {"/a", "/api/a", "/a.json"}) {
        origins.get(i).on(target, call -> call.ok("pool " + own, "Cache-Control: no-store"));
      }
    }
    assertEquals("pool 0", get("/a").body());
    assertEquals("pool 1", get("/api/a").body());
    assertEquals("pool 1", get("/a.json").body());
  }

  @Test
  void aReaderStaysByACookieOnWhatNobodyStores() throws Exception {
    Balance sticky =
        new Balance(
            Balance.Algorithm.ROUND_ROBIN,
            Balance.HashBy.URL,
            "",
            Optional.of(new StickyCookie("stay", 0, Bytes.copyOf(new byte[32]))));
    pools(
        pool(
            "p",
            sticky,
            Ejection.DEFAULT,
            RETRIES,
            TIMEOUTS,
            BREAKERS,
            server(0),
            server(1),
            server(2)));
    for (int i = 0; i < 3; i++) {
      String own = "server " + i;
      origins.get(i).on("/own", call -> call.ok(own, "Cache-Control: private"));
      origins.get(i).on("/all", call -> call.ok(own, "Cache-Control: max-age=60"));
      origins.get(i).on("/part", call -> call.ok(own, "Cache-Control: max-age=60"));
    }
    Response first = get("/own");
    String cookie = first.first("Set-Cookie").orElseThrow();
    assertFalse(cookie.contains("127.0.0.1"), cookie);
    String pair = cookie.substring(0, cookie.indexOf(';'));
    for (int i = 0; i < 6; i++) {
      Response again = get("/own", "Cookie: " + pair);
      assertEquals(first.body(), again.body());
      assertEquals(Optional.empty(), again.first("Set-Cookie"));
    }
    Set<String> others = new HashSet<>();
    for (int i = 0; i < 6; i++) {
      others.add(get("/own").body());
    }
    assertEquals(3, others.size());
    for (int i = 0; i < 2; i++) {
      assertEquals(Optional.empty(), get("/all").first("Set-Cookie"));
    }
    assertEquals(
        Optional.empty(),
        get("/part", "Cache-Control: no-store").first("Set-Cookie"),
        "a cache of the reader's may store it");
  }

  /** A pool that hangs is full soon; the other pool of the node does not notice. */
  @Test
  void aDeadPoolCostsNobodyElse() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    origins.get(0).on("/slow", call -> hang.await(30, TimeUnit.SECONDS));
    good(origins.get(1), "/fast");
    Breakers few = new Breakers(4, 4, 4);
    edge.pools(
        new OriginPools(
            List.of(
                OriginPool.of("web", List.of(server(1))),
                pool("slow", Balance.DEFAULT, Ejection.DEFAULT, RETRIES, TIMEOUTS, few, server(0))),
            List.of(new PoolRoute(List.of("/slow"), "slow")),
            "web"));
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      RawClient client = new RawClient(edge.port());
      clients.add(client);
      client.send("POST", "/slow", "Content-Length: 0");
    }
    Awaitility.await().until(() -> origins.get(0).requests("/slow").size() == 4);
    Response full = RawClient.request(edge.port(), "POST", "/slow", "Content-Length: 0");
    assertEquals(503, full.status());
    assertTrue(full.cacheStatus().contains("detail=origin-pool-requests"), full.cacheStatus());
    assertEquals("good", get("/fast").body());
    hang.countDown();
    for (RawClient client : clients) {
      client.close();
    }
  }

  @Test
  void connectionsHaveALimit() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    origins.get(0).on("/slow", call -> hang.await(30, TimeUnit.SECONDS));
    pools(
        pool(
            "p",
            Balance.DEFAULT,
            Ejection.DEFAULT,
            RETRIES,
            TIMEOUTS,
            new Breakers(1, 9, 9),
            server(0)));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/slow", "Content-Length: 0");
      Awaitility.await().until(() -> origins.get(0).requests("/slow").size() == 1);
      Response full = RawClient.request(edge.port(), "POST", "/slow", "Content-Length: 0");
      assertEquals(503, full.status());
      assertTrue(full.cacheStatus().contains("detail=origin-pool-connections"));
      assertEquals(Standing.WELL, only().server(0).standing(0), "that is not the server's fault");
    }
    hang.countDown();
  }

  /**
   * Servers of a pool of three are killed and revived in turn under load: no idempotent request
   * fails.
   */
  @ParameterizedTest
  @EnumSource(Balance.Algorithm.class)
  void serversComeAndGoAndNoReaderNotices(Balance.Algorithm algorithm) throws Exception {
    Ejection quick = new Ejection(5, 5, 0, 0, 10_000, 20, 50, 100, 50, 30);
    Balance balance = new Balance(algorithm, Balance.HashBy.URL, "", Optional.empty());
    pools(pool("p", balance, quick, RETRIES, TIMEOUTS, BREAKERS, server(0), server(1), server(2)));
    origins.forEach(OriginPoolsIT::script);
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong done = new AtomicLong();
    ConcurrentLinkedQueue<String> failed = new ConcurrentLinkedQueue<>();
    List<Thread> readers = Stream.generate(() -> reader(over, done, failed)).limit(24).toList();
    for (int round = 0; round < 6; round++) {
      int victim = round % 3;
      more(done, 300);
      int port = origins.get(victim).port();
      origins.get(victim).close();
      more(done, 300);
      ScriptedOrigin revived = ScriptedOrigin.start(port);
      script(revived);
      origins.set(victim, revived);
      Awaitility.await().until(() -> failed.size() > 0 || !revived.requests().isEmpty());
    }
    over.set(true);
    for (Thread reader : readers) {
      reader.join();
    }
    assertEquals(List.of(), List.copyOf(failed), "of " + done.get());
    assertTrue(only().retried() > 0);
  }

  private static void script(ScriptedOrigin origin) {
    for (int i = 0; i < 10; i++) {
      good(origin, "/" + i);
    }
  }

  private Thread reader(AtomicBoolean over, AtomicLong done, ConcurrentLinkedQueue<String> failed) {
    return Thread.ofVirtual()
        .start(
            () -> {
              while (!over.get()) {
                try (RawClient client = new RawClient(edge.port())) {
                  for (int i = 0; i < 20 && !over.get(); i++) {
                    client.send("GET", "/" + done.incrementAndGet() % 10);
                    Response response = client.response(false);
                    if (response.status() != 200) {
                      failed.add(response.status() + " " + response.cacheStatus());
                    }
                  }
                } catch (Exception e) {
                  failed.add(e.toString());
                }
              }
            });
  }

  private static void more(AtomicLong done, long count) {
    long target = done.get() + count;
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> done.get() >= target);
  }
}
