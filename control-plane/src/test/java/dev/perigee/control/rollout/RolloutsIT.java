package dev.perigee.control.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SetCookie;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteTraffic;
import dev.perigee.control.changelog.ChangeLog;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresPurgeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.PurgeLimits;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Rollout;
import dev.perigee.control.store.Rollout.State;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.TestPostgres;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two control planes on one database watch the same rollouts; each step is taken once. */
final class RolloutsIT {
  private static final Rollout.Plan BY_COMMAND = new Rollout.Plan(Optional.empty(), 5, 20);
  private static final Rollout.Plan AT_ONCE = new Rollout.Plan(Optional.of(Duration.ZERO), 5, 20);

  private final TestPostgres postgres = TestPostgres.fresh();
  private final Database database = postgres.database();
  private final LogNumbers numbers = new LogNumbers(database);
  private final SiteHistory history = new SiteHistory(database, 10);
  private final PostgresSiteStore sites =
      new PostgresSiteStore(database, numbers, "cdn.example", OriginAddressPolicy.PUBLIC, history);
  private final PostgresNodeStore nodes = new PostgresNodeStore(database, numbers);
  private final PostgresRolloutStore store = new PostgresRolloutStore(database, numbers, sites);
  private final Rollouts here = new Rollouts(store);
  private final Rollouts there = new Rollouts(store);
  private final ChangeLog log =
      new ChangeLog(
          new ChangeStore(database),
          sites,
          new PostgresCertificateStore(database, numbers, InstantSource.system()),
          nodes,
          "cdn.example");

  @BeforeEach
  void start() {
    for (String name : List.of("fra-1", "iad-1", "sin-1")) {
      List<InetAddress> addresses = List.of(InetAddress.ofLiteral("127.0.0.1"));
      nodes.add(new Node(name, "eu", 0, 0, addresses, 80, 443, false, false));
    }
    revision(sites.add(site("https://old.example")));
    here.start();
    there.start();
  }

  @AfterEach
  void stop() {
    here.close();
    there.close();
    postgres.close();
  }

  private static SiteConfig site(String origin) {
    return new SiteConfig(
        "shop",
        List.of("shop.example"),
        List.of(OriginUrl.parse(origin).orElseThrow()),
        Set.of(),
        false,
        false);
  }

  private static <T> long revision(Change<T> change) {
    if (change instanceof Change.Committed<T>(T value, long revision)) {
      return revision;
    }
    throw new AssertionError(change);
  }

  private Rollout begun(Rollout.Plan plan, String... canaries) {
    Edit edit = new Edit("ann", "new origin", OptionalLong.empty());
    Change<Rollout> change =
        store.begin(site("https://new.example"), List.of(canaries), plan, edit);
    if (change instanceof Change.Committed<Rollout>(Rollout rollout, long revision)) {
      return rollout;
    }
    throw new AssertionError(change);
  }

  private State state(Rollout rollout) {
    return store.byId(Purview.ALL, rollout.id()).orElseThrow().state();
  }

  private void awaitState(Rollout rollout, State wanted) {
    Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> state(rollout) == wanted);
  }

  private static FromEdge.Ack ack(long revision, FromEdge.Refusal... refusals) {
    return new FromEdge.Ack("n", revision, List.of(refusals));
  }

  /** The origin that a node has for the site once it has what an update brings. */
  private String origin(String node, long from) {
    List<FromControl.Update> updates = log.between(from, numbers.head().revision(), "eu", node);
    return updates.getFirst().sites().getFirst().origins().getFirst().toString();
  }

  @Test
  void onlyCanariesGetItUntilItIsPromotedWhetherByDeltaOrBySnapshot() {
    long before = numbers.head().revision();
    Rollout rollout = begun(BY_COMMAND, "fra-1");
    assertEquals(before + 1, rollout.revision());
    for (long from : new long[] {0, before}) {
      assertEquals("https://new.example", origin("fra-1", from));
      assertEquals("https://old.example", origin("iad-1", from));
    }
    long canary = numbers.head().revision();
    long promoted = revision(store.promote(rollout.id()));
    assertEquals(canary + 1, promoted);
    for (String node : List.of("fra-1", "iad-1")) {
      assertEquals("https://new.example", origin(node, 0));
      assertEquals("https://new.example", origin(node, canary));
    }
    SiteHistory.Entry newest = history.of("shop").getFirst();
    assertEquals("ann new origin", newest.who() + " " + newest.note());
    assertEquals(promoted, newest.revision());
    assertInstanceOf(Change.Conflict.class, store.promote(rollout.id()), "not twice");
  }

  @Test
  void whatIsHaltedIsTakenFromItsCanariesWithANewRevision() {
    Rollout rollout = begun(BY_COMMAND, "fra-1");
    long halted = revision(store.halt(rollout.id(), "by command"));
    assertEquals(rollout.revision() + 1, halted);
    assertEquals("https://old.example", origin("fra-1", rollout.revision()));
    assertEquals("https://old.example", origin("fra-1", 0));
    assertEquals(1, history.of("shop").size(), "it never was the site's");
    assertInstanceOf(Change.Conflict.class, store.halt(rollout.id(), ""));
  }

  @Test
  void itIsPromotedByItselfOnceEveryCanaryTookItWhicheverControlPlaneHeard() {
    Rollout rollout = begun(AT_ONCE, "fra-1", "iad-1");
    here.acknowledged("fra-1", ack(rollout.revision()));
    there.acknowledged("sin-1", ack(rollout.revision()));
    there.acknowledged("iad-1", ack(rollout.revision() - 1));
    Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(
            () ->
                store.byId(Purview.ALL, rollout.id()).orElseThrow().canaries().stream()
                    .anyMatch(c -> c.appliedAt().isPresent()));
    assertEquals(State.CANARY, state(rollout));
    there.acknowledged("iad-1", ack(rollout.revision()));
    awaitState(rollout, State.PROMOTED);
    assertEquals(rollout.revision() + 1, numbers.head().revision(), "promoted once");
  }

  @Test
  void aCanaryThatRefusesItHaltsIt() {
    Rollout rollout = begun(AT_ONCE, "fra-1", "iad-1");
    here.acknowledged("fra-1", ack(rollout.revision()));
    there.acknowledged(
        "iad-1", ack(rollout.revision(), new FromEdge.Refusal("shop", "no such pool")));
    awaitState(rollout, State.HALTED);
    assertEquals(
        "iad-1 refused it: no such pool",
        store.byId(Purview.ALL, rollout.id()).orElseThrow().reason());
    assertEquals(rollout.revision() + 1, numbers.head().revision(), "halted once");
  }

  @Test
  void aCanaryThatCannotReadItHaltsItAndOneThatTookItLongAgoDoesNot() {
    Rollout rollout = begun(BY_COMMAND, "fra-1", "iad-1");
    here.acknowledged("fra-1", ack(rollout.revision()));
    Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(
            () ->
                store
                    .byId(Purview.ALL, rollout.id())
                    .orElseThrow()
                    .canaries()
                    .getFirst()
                    .appliedAt()
                    .isPresent());
    here.refused("fra-1", new FromEdge.Nack("n", rollout.revision() + 5, List.of("disk full")));
    there.refused("iad-1", new FromEdge.Nack("n", rollout.revision(), List.of("unreadable")));
    awaitState(rollout, State.HALTED);
    assertEquals(
        "iad-1 refused it: unreadable",
        store.byId(Purview.ALL, rollout.id()).orElseThrow().reason());
  }

  @Test
  void aRefusalThatComesBeforeTheRolloutIsSeenHaltsItToo() {
    Rollout rollout = begun(BY_COMMAND, "fra-1");
    here.close();
    there.close();
    try (Rollouts late = new Rollouts(store)) {
      late.refused("fra-1", new FromEdge.Nack("n", rollout.revision(), List.of("unreadable")));
      late.start();
      awaitState(rollout, State.HALTED);
    }
  }

  @Test
  void errorsOfCanariesThatAreMoreThanThoseOfTheOthersHaltIt() {
    Rollout rollout = begun(BY_COMMAND, "fra-1");
    here.acknowledged("fra-1", ack(rollout.revision()));
    Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(
            () -> {
              // Counted from the time at which it was taken.
              here.answered("fra-1", List.of(new SiteTraffic("shop", 10, 5)));
              there.answered("sin-1", List.of(new SiteTraffic("shop", 100, 1)));
              return state(rollout) == State.HALTED;
            });
    Rollout halted = store.byId(Purview.ALL, rollout.id()).orElseThrow();
    assertTrue(halted.reason().startsWith("50.0% of "), halted.reason());
    assertTrue(halted.answered().requests() >= 20, halted.toString());
  }

  @Test
  void whatWasNotedIsThereAfterARestart() {
    Rollout.Plan hold = new Rollout.Plan(Optional.of(Duration.ofSeconds(1)), 5, 20);
    Rollout rollout = begun(hold, "fra-1");
    here.acknowledged("fra-1", ack(rollout.revision()));
    Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(
            () ->
                store
                    .byId(Purview.ALL, rollout.id())
                    .orElseThrow()
                    .canaries()
                    .getFirst()
                    .appliedAt()
                    .isPresent());
    here.close();
    there.close();
    try (Rollouts again = new Rollouts(store)) {
      again.start();
      awaitState(rollout, State.PROMOTED);
    }
  }

  @Test
  void aSiteHasOneRolloutAtATimeAndNoOtherChangeMeanwhile() {
    Rollout rollout = begun(BY_COMMAND, "fra-1");
    SiteConfig other = site("https://other.example");
    assertInstanceOf(Change.Conflict.class, sites.replace(other));
    assertInstanceOf(Change.Conflict.class, sites.remove("shop"));
    assertInstanceOf(
        Change.Conflict.class, store.begin(other, List.of("iad-1"), BY_COMMAND, Edit.PLAIN));
    revision(store.halt(rollout.id(), "by command"));
    revision(sites.replace(other));
    SiteConfig hosts =
        new SiteConfig("shop", List.of("b.example"), other.origins(), Set.of(), false, false);
    assertInstanceOf(
        Change.Conflict.class, store.begin(hosts, List.of("iad-1"), BY_COMMAND, Edit.PLAIN));
    assertInstanceOf(Change.Invalid.class, store.begin(other, List.of(), BY_COMMAND, Edit.PLAIN));
  }

  @Test
  void aSiteThatABuildWithoutRolloutsChangedIsNotOverwritten() throws Exception {
    Rollout rollout = begun(AT_ONCE, "fra-1");
    postgres.execute(
        "UPDATE log_head SET revision = revision + 1;"
            + "INSERT INTO change_log (revision, kind, resource)"
            + " SELECT revision, 'site', 'shop' FROM log_head;"
            + "UPDATE site SET port_in_key = true WHERE id = 'shop'");
    here.acknowledged("fra-1", ack(rollout.revision()));
    awaitState(rollout, State.HALTED);
    assertTrue(sites.byId("shop").orElseThrow().portInKey());
  }

  @Test
  void aPurgeByUrlReachesWhatCanariesStoredUnderTheirOwnKeys() {
    CachePolicy usual = CachePolicy.DEFAULT;
    KeyRule noQuery =
        new KeyRule(KeyRule.Query.NONE, List.of(), false, List.of(), List.of(), false, false);
    SiteConfig old = site("https://old.example");
    SiteConfig keyed =
        new SiteConfig(
            old.id(),
            old.hosts(),
            old.origins(),
            old.regions(),
            false,
            false,
            new CachePolicy(
                usual.rules(),
                usual.heuristics(),
                noQuery,
                usual.collapseWaitMillis(),
                usual.collapseAgeMillis(),
                usual.storeSharePercent(),
                usual.storeCapPercent(),
                SetCookie.EXPLICIT));
    revision(store.begin(keyed, List.of("fra-1"), BY_COMMAND, Edit.PLAIN));
    PostgresPurgeStore purges = new PostgresPurgeStore(database, numbers, PurgeLimits.DEFAULT);
    purges.issue(
        Optional.of("shop"), new PurgeScope.Url("shop.example", "/a?b=1"), false, Optional.empty());
    assertEquals(
        List.of(
            new PurgeScope.Url("shop.example", "/a"), new PurgeScope.Url("shop.example", "/a?b=1")),
        purges.after(0, 10).stream().map(p -> p.scope()).toList());
  }
}
