package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Problem;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SetCookie;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.PurgeStore.IssuedPurge;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stores of sites and purges over a real PostgreSQL. */
final class PostgresStoresIT {
  private static TestPostgres postgres;
  private static LogNumbers numbers;
  private static PostgresSiteStore sites;
  private static PostgresPurgeStore purges;

  @BeforeAll
  static void start() {
    postgres = TestPostgres.fresh();
    numbers = new LogNumbers(postgres.database());
    sites =
        new PostgresSiteStore(
            postgres.database(),
            numbers,
            "cdn.example",
            OriginAddressPolicy.PUBLIC,
            new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
    purges = new PostgresPurgeStore(postgres.database(), numbers, PurgeLimits.DEFAULT);
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  static SiteConfig site(String id, String... hosts) {
    OriginUrl origin = OriginUrl.parse("https://origin.example").orElseThrow();
    return new SiteConfig(id, List.of(hosts), List.of(origin), Set.of(), false, false);
  }

  static <T> T committed(Change<T> change) {
    return assertInstanceOf(Change.Committed.class, change, change.toString()) != null
            && change instanceof Change.Committed<T>(T value, long revision)
        ? value
        : fail(change);
  }

  private static <T> T fail(Change<T> change) {
    throw new AssertionError(change);
  }

  private static String field(Change<?> change) {
    return assertInstanceOf(Change.Conflict.class, change, change.toString()).problem().field();
  }

  private static List<String> problems(Change<?> change) {
    if (change instanceof Change.Invalid<?>(List<Problem> problems)) {
      return problems.stream().map(Problem::field).toList();
    }
    throw new AssertionError(change);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fsync", "synchronous_commit", "full_page_writes"})
  void theEmbeddedDatabaseIsDurable(String setting) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet shown = statement.executeQuery("SHOW " + setting)) {
      assertTrue(shown.next());
      assertEquals("on", shown.getString(1));
    }
  }

  @Test
  void aMigrationMayTakeLongerThanAStatementOfTheStores() throws SQLException {
    try (TestPostgres own = TestPostgres.fresh()) {
      Database.migrate(
          DatabaseConfig.of(own.url(), own.user(), own.password()),
          "classpath:db/migration",
          "classpath:db/test");
      String pooled =
          own.database()
              .read(
                  handle -> handle.createQuery("SHOW statement_timeout").mapTo(String.class).one());
      assertEquals("10s", pooled);
      try (Connection connection = own.connect();
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("SELECT sum(setting::int) FROM seen")) {
        assertTrue(row.next());
        assertEquals(0, row.getInt(1), "0 is for no limit");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1",
        "http://localhost",
        "http://a.localhost:8080",
        "http://100.64.1.1",
        "https://0.1.2.3",
        "http://224.0.0.1",
        "http://240.0.0.1",
        "http://[::1]",
        "http://[::ffff:10.1.2.3]:80",
        "http://[64:ff9b::a00:1]",
        "http://[2002:a00:1::1]"
      })
  void anOriginWithAnAddressThatIsNotPublicIsNamedByItsPlace(String url) {
    OriginUrl open = OriginUrl.parse("https://8.8.8.8").orElseThrow();
    OriginUrl closed = OriginUrl.parse(url).orElseThrow();
    SiteConfig site =
        new SiteConfig(
            "private", List.of("p.example"), List.of(open, closed), Set.of(), false, false);
    assertEquals(List.of("origins[1]"), problems(sites.add(site)));
  }

  @Test
  void twoSitesThatWantTheSameHostsAtTheSameTimeDoNotWaitForEachOther() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 20; round++) {
        String a = "a" + round + ".example";
        String b = "b" + round + ".example";
        Future<Change<SiteConfig>> one = threads.submit(() -> sites.add(site("", a, b)));
        Future<Change<SiteConfig>> other = threads.submit(() -> sites.add(site("", b, a)));
        List<Change<SiteConfig>> answers = List.of(one.get(), other.get());
        assertEquals(1, answers.stream().filter(Change.Committed.class::isInstance).count());
        assertEquals(1, answers.stream().filter(Change.Conflict.class::isInstance).count());
      }
    }
  }

  /** A URL lies under what the site's rule makes of it, and under itself from before the rule. */
  @Test
  void aPurgeByUrlCoversWhatWasStoredBeforeAndSinceTheRuleForQueries() {
    KeyRule rule =
        new KeyRule(
            KeyRule.Query.EXCEPT, List.of("utm_*"), true, List.of(), List.of(), false, true);
    CachePolicy policy =
        new CachePolicy(List.of(), true, rule, 1000, 1000, 0, 100, SetCookie.EXPLICIT);
    SiteConfig plain = site("queries", "queries.example");
    committed(
        sites.add(
            new SiteConfig(
                "queries", plain.hosts(), plain.origins(), Set.of(), false, false, policy)));
    long before = purges.head();
    PurgeScope url = new PurgeScope.Url("queries.example", "/a?b=1&utm_x=2&a=3");
    Optional<String> key = Optional.of("queries-key");
    IssuedPurge issued = committed(purges.issue(Optional.of("queries"), url, true, key));
    assertEquals(before + 2, issued.purge().number(), "the receipt is that of the later one");
    assertEquals(
        List.of(new PurgeScope.Url("queries.example", "/a?a=3&b=1"), url),
        purges.after(before, 10).stream().map(Purge::scope).toList());
    IssuedPurge again = committed(purges.issue(Optional.of("queries"), url, true, key));
    assertEquals(issued, again, "and once more it is the same");
    PurgeScope same = new PurgeScope.Url("queries.example", "/a?a=3");
    committed(purges.issue(Optional.of("queries"), same, false, Optional.empty()));
    assertEquals(before + 3, purges.head());
  }

  @Test
  void aHostOfAnotherSiteAndAnIdThatWasEverUsedAreConflicts() {
    SiteConfig first = committed(sites.add(site("taken", "taken.example")));
    assertEquals("hosts[1]", field(sites.add(site("new", "new.example", "taken.example"))));
    assertEquals("id", field(sites.add(site("taken", "other-taken.example"))));
    committed(sites.remove(first.id()));
    assertEquals("id", field(sites.add(site("taken", "taken.example"))));
    assertEquals("taken-example", committed(sites.add(site("", "taken.example"))).id());
    assertEquals(Optional.empty(), sites.byId("new"));
  }

  @Test
  void aReplacedSiteKeepsItsIdAndTheOrderOfItsHosts() {
    SiteConfig before = committed(sites.add(site("kept", "z.example", "y.example")));
    SiteConfig wish = site("kept", "y.example", "x.example", "a-kept.example");
    SiteConfig after = committed(sites.replace(wish));
    assertEquals(wish, after);
    assertEquals(Optional.of(wish), sites.byHost("x.example"));
    assertEquals(Optional.empty(), sites.byHost(before.hosts().getFirst()));
    assertInstanceOf(Change.Unknown.class, sites.replace(site("nobody", "n.example")));
  }

  @Test
  void theSameIdempotencyKeyAndTheSamePurgeIsTheFirstOneAgain() {
    String site = committed(sites.add(site("again", "again.example"))).id();
    PurgeScope scope = new PurgeScope.Url("again.example", "/a");
    Optional<String> key = Optional.of("deploy-1");
    IssuedPurge first = committed(purges.issue(Optional.of(site), scope, false, key));
    long head = purges.head();
    assertEquals(first, committed(purges.issue(Optional.of(site), scope, false, key)));
    assertEquals(head, purges.head(), "a repeated purge takes no number");
  }

  @Test
  void anIdempotencyKeyThatStandsForAnotherPurgeIsAConflict() {
    Optional<String> site = Optional.of(committed(sites.add(site("other", "other.example"))).id());
    Optional<String> third = Optional.of(committed(sites.add(site("third", "third.example"))).id());
    Optional<String> key = Optional.of("deploy-2");
    PurgeScope scope = new PurgeScope.Tag("a");
    committed(purges.issue(site, scope, false, key));
    long head = purges.head();

    assertEquals("Idempotency-Key", field(purges.issue(site, new PurgeScope.Tag("b"), false, key)));
    assertEquals("Idempotency-Key", field(purges.issue(site, scope, true, key)));
    assertEquals("Idempotency-Key", field(purges.issue(third, scope, false, key)));
    assertEquals(head, purges.head());
  }

  @Test
  void aKeyThatHasExpiredStandsForNothingAnyMore() throws Exception {
    Optional<String> site = Optional.of(committed(sites.add(site("aged", "aged.example"))).id());
    Optional<String> key = Optional.of("deploy-3");
    IssuedPurge first = committed(purges.issue(site, new PurgeScope.Tag("a"), false, key));
    String aged = "UPDATE purge SET issued_at = issued_at - interval '%s' WHERE id = '%s'";
    postgres.execute(aged.formatted("23 hours", first.id()));
    assertEquals("Idempotency-Key", field(purges.issue(site, new PurgeScope.Tag("b"), false, key)));
    postgres.execute(aged.formatted("61 minutes", first.id()));
    IssuedPurge second = committed(purges.issue(site, new PurgeScope.Tag("b"), false, key));
    assertEquals(first.purge().number() + 1, second.purge().number());
    assertEquals(second, committed(purges.issue(site, new PurgeScope.Tag("b"), false, key)));
  }

  @Test
  void anOwnerWhoPurgesFasterThanItMayIsLimitedAndTheOthersAreNot() throws Exception {
    PurgeLimits limits = new PurgeLimits(1, 3, Duration.ofHours(1));
    PostgresPurgeStore limited = new PostgresPurgeStore(postgres.database(), numbers, limits);
    Optional<String> hasty = Optional.of(committed(sites.add(site("hasty", "hasty.example"))).id());
    Optional<String> calm = Optional.of(committed(sites.add(site("calm", "calm.example"))).id());
    Optional<String> key = Optional.of("hasty-1");
    PurgeScope scope = new PurgeScope.Tag("a");
    IssuedPurge first = committed(limited.issue(hasty, scope, false, key));
    // What is left is in the database, whichever control plane is asked.
    postgres.execute("UPDATE purge_budget SET tokens = 0, at = now() + interval '1 hour'");
    long head = limited.head();
    Change<IssuedPurge> refused = limited.issue(hasty, scope, false, Optional.empty());
    assertInstanceOf(Change.Limited.class, refused, refused.toString());
    assertEquals(first, committed(limited.issue(hasty, scope, false, key)), "a repeat costs none");
    assertEquals(head, limited.head());
    committed(limited.issue(calm, scope, false, Optional.empty()));
    postgres.execute("UPDATE purge_budget SET at = now() - interval '1 second'");
    committed(limited.issue(hasty, scope, false, Optional.empty()));
  }

  /** What waits for the numbers' lock is issued together, each answered as it would be alone. */
  @Test
  void purgesOfTheSameMomentAreIssuedTogetherAndEachIsAnsweredForItself() throws Exception {
    PurgeLimits limits = new PurgeLimits(1, 3, Duration.ofHours(1));
    PostgresPurgeStore many = new PostgresPurgeStore(postgres.database(), numbers, limits);
    Optional<String> rich = Optional.of(committed(sites.add(site("rich", "rich.example"))).id());
    Optional<String> keen = Optional.of(committed(sites.add(site("keen", "keen.example"))).id());
    PurgeScope scope = new PurgeScope.Tag("a");
    Optional<String> key = Optional.of("together-1");
    long head = many.head();
    Future<Change<IssuedPurge>> first;
    List<Future<Change<IssuedPurge>>> repeats = new ArrayList<>();
    List<Future<Change<IssuedPurge>>> keenOnes = new ArrayList<>();
    Future<Change<IssuedPurge>> unknown;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection other = postgres.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("SELECT 1 FROM log_head FOR UPDATE");
      first = threads.submit(() -> many.issue(rich, scope, false, Optional.empty()));
      awaitWaiting(1);
      for (int i = 0; i < 3; i++) {
        repeats.add(threads.submit(() -> many.issue(rich, scope, true, key)));
      }
      for (int i = 0; i < 5; i++) {
        keenOnes.add(threads.submit(() -> many.issue(keen, scope, false, Optional.empty())));
      }
      Optional<String> nobody = Optional.of("no\0body");
      unknown = threads.submit(() -> many.issue(nobody, scope, false, Optional.empty()));
      assertInstanceOf(Change.Unknown.class, unknown.get());
      other.commit();
    }
    IssuedPurge alone = committed(first.get());
    assertEquals(head + 1, alone.purge().number());
    Set<IssuedPurge> ofKey = new HashSet<>();
    for (Future<Change<IssuedPurge>> repeat : repeats) {
      ofKey.add(committed(repeat.get()));
    }
    assertEquals(1, ofKey.size(), "one key, one purge");
    int limited = 0;
    for (Future<Change<IssuedPurge>> one : keenOnes) {
      limited += one.get() instanceof Change.Limited ? 1 : 0;
    }
    assertEquals(2, limited, "of five, three were allowed");
    assertEquals(head + 5, many.head());
    assertEquals(
        List.of(head + 1, head + 2, head + 3, head + 4, head + 5),
        many.after(head, 10).stream().map(Purge::number).toList());
  }

  @Test
  void sitesThatDeriveTheSameIdAtTheSameTimeAllGetOne() throws Exception {
    int count = 8;
    List<Future<Change<SiteConfig>>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection other = postgres.connect();
        Statement statement = other.createStatement()) {
      // Holds what the adds look up last, so that all of them have chosen their id by then.
      other.setAutoCommit(false);
      statement.execute("SELECT 1 FROM log_head FOR UPDATE");
      for (int i = 0; i < count; i++) {
        // One id, same-example, of hosts that differ.
        String host = "same" + "-".repeat(i + 1) + "x.example";
        answers.add(threads.submit(() -> sites.add(site("", host))));
      }
      awaitWaiting(count);
      other.commit();
      Set<String> ids = new HashSet<>();
      for (Future<Change<SiteConfig>> answer : answers) {
        ids.add(committed(answer.get()).id());
      }
      assertEquals(count, ids.size());
    }
  }

  /** Until so many transactions wait for a lock. */
  private static void awaitWaiting(int count) {
    org.awaitility.Awaitility.await()
        .until(
            () -> {
              try (Connection connection = postgres.connect();
                  Statement statement = connection.createStatement();
                  ResultSet row =
                      statement.executeQuery(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND datname = current_database()")) {
                return row.next() && row.getInt(1) >= count;
              }
            });
  }
}
