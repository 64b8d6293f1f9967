package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CacheRule;
import dev.perigee.contract.CacheRule.Mode;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.SetCookie;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.FlatGeoFile;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a site's owner decides about caching, as readers and the origin see it. */
@ExtendWith(NothingLeaks.class)
final class SitePolicyIT {
  private static final String TEXT = "0123456789";

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
    Awaitility.await().until(() -> edge.openFetches() == 0);
    return RawClient.get(edge.port(), target, fields);
  }

  /** Whether the second of two requests is a hit. */
  private boolean isStored(String target, String... fields) throws Exception {
    get(target, fields);
    return get(target, fields).cacheStatus().contains("hit");
  }

  private void decide(CacheRule... rules) {
    edge.decide(
        new CachePolicy(
            List.of(rules), true, KeyRule.DEFAULT, 10_000, 10_000, 0, 100, SetCookie.EXPLICIT));
  }

  private void key(KeyRule rule) {
    edge.decide(new CachePolicy(List.of(), true, rule, 10_000, 10_000, 0, 100, SetCookie.EXPLICIT));
  }

  private static CacheRule rule(String path, String status, String type, Mode mode, long ttl) {
    return new CacheRule(
        path.isEmpty() ? List.of() : List.of(path),
        status.isEmpty() ? List.of() : List.of(status),
        type.isEmpty() ? List.of() : List.of(type),
        mode,
        mode == Mode.BYPASS ? OptionalLong.empty() : OptionalLong.of(ttl),
        OptionalLong.empty(),
        OptionalLong.empty());
  }

  private static String ttl(Response response) {
    return response.cacheStatus().replaceAll(".*ttl=(-?\\d+).*", "$1");
  }

  @Test
  void theFirstRuleThatFitsPathStatusAndTypeDecides() throws Exception {
    decide(
        rule("/img/*", "200", "image/*", Mode.OVERRIDE, 100),
        rule("*.css", "", "", Mode.OVERRIDE, 200),
        rule("", "404", "", Mode.OVERRIDE, 30),
        rule("", "", "text/html", Mode.OVERRIDE, 300));
    origin.on("/img/a", call -> call.ok(TEXT, "Content-Type: image/png"));
    origin.on("/img/b", call -> call.ok(TEXT, "Content-Type: text/html; charset=utf-8"));
    origin.on("/x.css?v=1", call -> call.ok(TEXT, "Content-Type: text/css"));
    origin.on("/else", call -> call.ok(TEXT, "Content-Type: text/plain"));
    origin.on(
        "/gone", call -> call.send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"));
    assertEquals("100", ttl(get("/img/a")));
    assertEquals("300", ttl(get("/img/b")));
    assertEquals("200", ttl(get("/x.css?v=1")));
    assertEquals("30", ttl(get("/gone")));
    assertFalse(isStored("/else"), "no rule fits and the origin says nothing");
    assertTrue(get("/gone").cacheStatus().contains("hit"), "negative caching");
    edge.later(Duration.ofSeconds(31));
    assertFalse(get("/gone").cacheStatus().contains("hit"));
  }

  @Test
  void respectStandsBehindTheOriginAndOverrideBeforeIt() throws Exception {
    origin.on("/says/a", call -> call.ok(TEXT, "Cache-Control: max-age=7", "Age: 3"));
    origin.on("/says/b", call -> call.ok(TEXT, "Cache-Control: max-age=7", "Age: 3"));
    origin.on("/silent", call -> call.ok(TEXT));
    origin.on("/no-cache", call -> call.ok(TEXT, "Cache-Control: no-cache, max-age=0"));
    decide(rule("", "", "", Mode.RESPECT, 50));
    assertEquals("4", ttl(get("/says/a")));
    assertEquals("50", ttl(get("/silent")));
    decide(rule("", "", "", Mode.OVERRIDE, 50));
    assertEquals("50", ttl(get("/says/b")));
    assertTrue(isStored("/no-cache"));
  }

  @Test
  void onlyForceStoresWhatTheOriginForbidsAndNothingStoresCookiesOrCredentials() throws Exception {
    for (Mode mode : List.of(Mode.OVERRIDE, Mode.FORCE)) {
      decide(rule("", "", "", mode, 50));
      boolean forced = mode == Mode.FORCE;
      String at = "/" + mode.token();
      origin.on(at + "/no-store", call -> call.ok(TEXT, "Cache-Control: no-store"));
      origin.on(at + "/private", call -> call.ok(TEXT, "Cache-Control: private"));
      origin.on(at + "/cookie", call -> call.ok(TEXT, "Set-Cookie: a=b"));
      origin.on(at + "/login", call -> call.ok(TEXT));
      assertEquals(forced, isStored(at + "/no-store"), at);
      assertEquals(forced, isStored(at + "/private"), at);
      assertFalse(isStored(at + "/cookie"), at);
      assertFalse(isStored(at + "/login", "Authorization: Basic YTpi"), at);
    }
  }

  @Test
  void aBypassIsNeverStored() throws Exception {
    decide(rule("/admin*", "", "", Mode.BYPASS, 0));
    origin.on("/admin/a", call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    origin.on("/b", call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    assertFalse(isStored("/admin/a"));
    assertTrue(get("/admin/a").cacheStatus().contains("detail=rule"));
    assertTrue(isStored("/b"));
  }

  @Test
  void aRulesStaleWindowsCountWhereTheOriginNamesNone() throws Exception {
    edge.decide(
        new CachePolicy(
            List.of(
                new CacheRule(
                    List.of(),
                    List.of(),
                    List.of(),
                    Mode.RESPECT,
                    OptionalLong.of(10),
                    OptionalLong.of(100),
                    OptionalLong.of(1000))),
            true,
            KeyRule.DEFAULT,
            10_000,
            10_000,
            0,
            100,
            SetCookie.EXPLICIT));
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/a",
        call -> {
          if (calls.incrementAndGet() < 3) {
            call.ok(TEXT);
          } else {
            call.send("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n");
          }
        });
    get("/a");
    edge.later(Duration.ofSeconds(20));
    assertTrue(get("/a").cacheStatus().contains("stale-while-revalidate"));
    Awaitility.await().until(() -> calls.get() == 2 && edge.openFetches() == 0);
    edge.later(Duration.ofSeconds(500));
    Response stale = get("/a");
    assertEquals(200, stale.status(), "in place of a 503");
    assertEquals(3, calls.get());
  }

  @Test
  void heuristicsCanBeSwitchedOff() throws Exception {
    String old = "Last-Modified: Mon, 05 Jan 2015 10:00:00 GMT";
    origin.on("/guessed", call -> call.ok(TEXT, old));
    origin.on("/asked", call -> call.ok(TEXT, old));
    assertTrue(isStored("/guessed"));
    edge.decide(
        new CachePolicy(
            List.of(), false, KeyRule.DEFAULT, 10_000, 10_000, 0, 100, SetCookie.EXPLICIT));
    assertFalse(isStored("/asked"));
  }

  /** RFC 9111, section 7.3: to a cache Set-Cookie is a field like any other. */
  @Test
  void aResponseThatSetsACookieIsStoredAsTheOwnerSays() throws Exception {
    for (SetCookie choice : SetCookie.values()) {
      cookies(choice);
      String at = "/" + choice.token();
      String cookie = "Set-Cookie: a=b";
      origin.on(at + "/all", call -> call.ok(TEXT, "Cache-Control: public, max-age=60", cookie));
      origin.on(at + "/one", call -> call.ok(TEXT, "Cache-Control: max-age=60", cookie));
      origin.on(at + "/not", call -> call.ok(TEXT, "Cache-Control: private, max-age=60", cookie));
      assertEquals(choice != SetCookie.NEVER, isStored(at + "/all"), at);
      assertEquals(choice == SetCookie.AS_ANY, isStored(at + "/one"), at);
      assertFalse(isStored(at + "/not"), at);
    }
    assertEquals("a=b", get("/as-any/one").first("Set-Cookie").orElse(""));
  }

  /** Section 3.2: then a 304 updates it as any other field. */
  @Test
  void aValidationUpdatesTheCookieWhereItIsAFieldLikeAnyOther() throws Exception {
    for (SetCookie choice : List.of(SetCookie.EXPLICIT, SetCookie.AS_ANY)) {
      cookies(choice);
      String target = "/validated/" + choice.token();
      String control = "Cache-Control: public, max-age=60";
      origin.on(
          target,
          call -> {
            if (call.request().first("If-None-Match").isPresent()) {
              call.send(
                  "HTTP/1.1 304 No\r\nETag: \"1\"\r\n" + control + "\r\nSet-Cookie: a=2\r\n\r\n");
            } else {
              call.ok(TEXT, control, "ETag: \"1\"", "Set-Cookie: a=1");
            }
          });
      assertTrue(isStored(target));
      edge.later(Duration.ofSeconds(100));
      String cookie = get(target).first("Set-Cookie").orElse("");
      assertEquals(choice == SetCookie.AS_ANY ? "a=2" : "a=1", cookie, target);
    }
  }

  private void cookies(SetCookie choice) {
    edge.decide(new CachePolicy(List.of(), true, KeyRule.DEFAULT, 10_000, 10_000, 0, 100, choice));
  }

  @Test
  void theQueryCountsAsTheOwnerSays() throws Exception {
    for (String target :
        List.of("/a?b=2&utm_source=x&a=1", "/a?a=1&b=3", "/o?page=1&x=1", "/o?page=2", "/n?x=1")) {
      origin.on(target, call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    }
    key(keyOf(KeyRule.Query.EXCEPT, List.of("utm_*", "fbclid"), true));
    get("/a?b=2&utm_source=x&a=1");
    assertEquals(
        "/a?b=2&utm_source=x&a=1", origin.requests().getLast().target(), "the origin gets it all");
    assertTrue(get("/a?a=1&b=2&fbclid=7").cacheStatus().contains("hit"));
    assertFalse(get("/a?a=1&b=3").cacheStatus().contains("hit"));
    key(keyOf(KeyRule.Query.ONLY, List.of("page"), false));
    get("/o?page=1&x=1");
    assertTrue(get("/o?x=2&page=1").cacheStatus().contains("hit"));
    assertFalse(get("/o?page=2").cacheStatus().contains("hit"));
    key(keyOf(KeyRule.Query.NONE, List.of(), false));
    get("/n?x=1");
    assertTrue(get("/n").cacheStatus().contains("hit"));
  }

  private static KeyRule keyOf(KeyRule.Query query, List<String> names, boolean sort) {
    return new KeyRule(query, names, sort, List.of(), List.of(), false, false);
  }

  @Test
  void headersCookiesAndDevicesTellResponsesApartAndOnePurgeCoversThemAll() throws Exception {
    key(
        new KeyRule(
            KeyRule.Query.ALL, List.of(), false, List.of("x-ab"), List.of("lang"), true, false));
    AtomicInteger calls = new AtomicInteger();
    origin.on("/a", call -> call.ok("v" + calls.incrementAndGet(), "Cache-Control: max-age=60"));
    List<String[]> kinds =
        List.of(
            new String[] {},
            new String[] {"X-AB: one"},
            new String[] {"X-AB: two"},
            new String[] {"Cookie: x=1; lang=de"},
            new String[] {"Cookie: lang=en"},
            new String[] {"Sec-CH-UA-Mobile: ?1"},
            new String[] {"User-Agent: Mozilla/5.0 (iPad; CPU OS 18)"});
    for (int i = 0; i < kinds.size(); i++) {
      assertEquals("v" + (i + 1), get("/a", kinds.get(i)).body());
    }
    for (int i = 0; i < kinds.size(); i++) {
      assertEquals("v" + (i + 1), get("/a", kinds.get(i)).body());
    }
    assertEquals("v1", get("/a", "Cookie: other=1").body(), "other cookies do not count");
    edge.purge("/a");
    for (int i = 0; i < kinds.size(); i++) {
      assertEquals("v" + (i + 1 + kinds.size()), get("/a", kinds.get(i)).body());
    }
  }

  private Response getFrom(String client, String target) throws Exception {
    Awaitility.await().until(() -> edge.openFetches() == 0);
    try (RawClient own = new RawClient(client, edge.port())) {
      own.send("GET", target);
      return own.response(false);
    }
  }

  @Test
  void countriesTellResponsesApartAndOnePurgeCoversThemAll() throws Exception {
    byte[] cities =
        new FlatGeoFile("someone-city")
            .with("127.0.9.0", 24, Map.of("country_code", "DE"))
            .with("127.0.10.0", 24, Map.of("country_code", "FR"))
            .toBytes();
    edge.locate(directory, cities);
    key(new KeyRule(KeyRule.Query.ALL, List.of(), false, List.of(), List.of(), false, true));
    AtomicInteger calls = new AtomicInteger();
    origin.on("/a", call -> call.ok("v" + calls.incrementAndGet(), "Cache-Control: max-age=60"));
    assertEquals("v1", getFrom("127.0.9.1", "/a").body());
    assertEquals("v2", getFrom("127.0.10.1", "/a").body());
    assertEquals("v3", getFrom("127.0.0.1", "/a").body(), "nobody knows where this one is");
    assertEquals("v1", getFrom("127.0.9.2", "/a").body(), "another client of the first country");
    assertEquals("v2", getFrom("127.0.10.2", "/a").body());
    assertEquals("v3", getFrom("127.0.11.1", "/a").body());
    edge.purge("/a");
    assertEquals("v4", getFrom("127.0.9.1", "/a").body());
    assertEquals("v5", getFrom("127.0.10.1", "/a").body());
    assertEquals("v6", getFrom("127.0.0.1", "/a").body());
    key(KeyRule.DEFAULT);
    assertEquals("v7", getFrom("127.0.9.1", "/a").body());
    assertEquals("v7", getFrom("127.0.10.1", "/a").body(), "a country that does not count");
  }

  /** The first time everybody waits for the head in vain, then nobody does. */
  @Test
  void whoeverFollowsAKnownUncacheableGoesAtOnce() throws Exception {
    origin.on("/private", call -> call.ok(TEXT, "Cache-Control: private"));
    get("/private");
    CountDownLatch all = new CountDownLatch(20);
    origin.on(
        "/private",
        call -> {
          all.countDown();
          assertTrue(all.await(10, TimeUnit.SECONDS), "all come at once");
          call.ok(TEXT, "Cache-Control: private");
        });
    assertEquals(List.of(200), statuses("/private", 20));
    assertEquals(21, origin.requests("/private").size());
  }

  @Test
  void whatTurnsOutStorableIsWaitedForAgain() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/a",
        call ->
            call.ok(
                TEXT,
                calls.incrementAndGet() == 1
                    ? "Cache-Control: private"
                    : "Cache-Control: max-age=1"));
    get("/a");
    get("/a");
    edge.later(Duration.ofSeconds(5));
    origin.on(
        "/a",
        call -> {
          Awaitility.await().until(() -> edge.openRequests() == 10);
          call.ok(TEXT, "Cache-Control: max-age=60");
        });
    assertEquals(List.of(200), statuses("/a", 10));
    assertEquals(3, origin.requests("/a").size());
  }

  @Test
  void whoHasWaitedLongEnoughGoesAlone() throws Exception {
    edge.decide(
        new CachePolicy(List.of(), true, KeyRule.DEFAULT, 300, 10_000, 0, 100, SetCookie.EXPLICIT));
    CountDownLatch second = new CountDownLatch(2);
    origin.on(
        "/slow",
        call -> {
          second.countDown();
          assertTrue(second.await(10, TimeUnit.SECONDS), "the second goes for itself");
          call.ok(TEXT, "Cache-Control: max-age=60");
        });
    assertEquals(List.of(200), statuses("/slow", 2));
    assertEquals(2, origin.requests("/slow").size());
  }

  @Test
  void nobodyBeginsToWaitForAFetchThatIsTooOld() throws Exception {
    edge.decide(
        new CachePolicy(
            List.of(), true, KeyRule.DEFAULT, 60_000, 2000, 0, 100, SetCookie.EXPLICIT));
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/slow",
        call -> {
          if (calls.incrementAndGet() == 1) {
            first.countDown();
            assertTrue(second.await(10, TimeUnit.SECONDS), "the second goes for itself");
          } else {
            second.countDown();
          }
          call.ok(TEXT, "Cache-Control: max-age=60");
        });
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> early = clients.submit(() -> RawClient.get(edge.port(), "/slow").status());
      assertTrue(first.await(10, TimeUnit.SECONDS));
      edge.later(Duration.ofSeconds(3));
      assertEquals(200, RawClient.get(edge.port(), "/slow").status());
      assertEquals(200, early.get(10, TimeUnit.SECONDS));
    }
    assertEquals(2, calls.get());
  }

  /** The distinct statuses of so many requests at once. */
  private List<Integer> statuses(String target, int count) throws Exception {
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> asked = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        asked.add(clients.submit(() -> RawClient.get(edge.port(), target).status()));
      }
      for (Future<Integer> one : asked) {
        statuses.add(one.get(20, TimeUnit.SECONDS));
      }
    }
    return statuses.stream().distinct().toList();
  }
}
