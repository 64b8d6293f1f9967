package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.WarmUrl;
import dev.perigee.control.fleet.Probed;
import dev.perigee.control.fleet.Reach;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.TestPostgres;
import dev.perigee.control.store.WarmUpStore;
import dev.perigee.control.store.WarmUpStore.NodeProgress;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two control planes on one database: either takes any request, wherever a node is connected. */
final class ReplicasIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  @RegisterExtension
  final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("(stream|replica)-.*");

  private TestPostgres postgres;
  private TestControl one;
  private TestControl two;

  @BeforeEach
  void start() throws IOException {
    postgres = TestPostgres.fresh();
    one = new TestControl(postgres);
    two = new TestControl(postgres);
    List<Replica> both = List.of(one.replica, two.replica);
    one.links.follow(both);
    two.links.follow(both);
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
  }

  private static FromEdge.Heartbeat beat(boolean healthy, OriginHealth... origins) {
    return new FromEdge.Heartbeat(
        1, 0, 12.5, 7, 0.25, healthy, healthy ? "" : "full", List.of(), List.of(origins));
  }

  private static void await(String what, java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await(what).atMost(SOON).until(condition);
  }

  private static TestEdge welcomed(TestControl control, Identity node) throws Exception {
    TestEdge edge = control.connect(node);
    edge.next(FromControl.Welcome.class);
    return edge;
  }

  private static FromEdge.Demands wants(double wanted) {
    return new FromEdge.Demands(
        List.of(new FromEdge.Demand(7, 100, 100, wanted, Math.min(wanted, 25))));
  }

  private static double share(TestEdge edge, double wanted) throws Exception {
    edge.say(wants(wanted));
    while (true) {
      // Updates come between.
      if (SyncCodec.decode(edge.raw()) instanceof FromControl.Shares shares) {
        return shares.shares().getFirst().rate();
      }
    }
  }

  /** Four nodes on two control planes want ten times what they may. */
  @Test
  void nodesOfBothHaveTheirSharesOfOneLimit() throws Exception {
    try (TestEdge a = welcomed(one, one.enrolled("fra-1", "eu"));
        TestEdge b = welcomed(one, one.enrolled("fra-2", "eu"));
        TestEdge c = welcomed(two, one.enrolled("iad-1", "us"));
        TestEdge d = welcomed(two, one.enrolled("iad-2", "us"))) {
      one.limits.sweep(4);
      two.limits.sweep(4);
      await(
          "all shares come to the limit",
          () -> {
            double all = share(a, 400) + share(b, 200) + share(c, 300) + share(d, 100);
            return all > 90 && all < 110;
          });
      double most = share(a, 400);
      double least = share(d, 100);
      assertTrue(most > 3 * least, most + " and " + least);
      await(
          "what moves to the other's nodes goes with the demand",
          () -> share(a, 1) < 15 && share(c, 900) > 60);
    }
  }

  @Test
  void eachKnowsHowANodeDoesThatIsConnectedToTheOther() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    try (TestEdge edge = welcomed(one, fra)) {
      edge.say(beat(true));
      await("the other knows that it serves", () -> two.fleet.state("fra-1").isServing());
      assertEquals(12.5, two.fleet.state("fra-1").requestsPerSecond());
      edge.say(new FromEdge.Ack("n", 1, List.of(new FromEdge.Refusal("shop", "no origin"))));
      await("and what it refused", () -> two.fleet.state("fra-1").refusals().size() == 1);
      edge.say(beat(false));
      await("and that it is full", () -> !two.fleet.state("fra-1").isServing());
      assertEquals("full", two.fleet.state("fra-1").healthDetail());
    }
    await("and that it went", () -> !two.fleet.state("fra-1").connected());
  }

  @Test
  void aQuorumIsMoreThanHalfOfThoseThatLive() {
    Instant before = one.clock.instant();
    one.clock.advance(Duration.ofSeconds(1));
    await("they hear each other", () -> one.links.hearsQuorumSince(before));
    Replica gone = new Replica("gone", "127.0.0.1:1", "1");
    Replica away = new Replica("away", "127.0.0.1:2", "1");
    one.links.follow(List.of(one.replica, two.replica, gone));
    await("two of three are", () -> one.links.hearsQuorumSince(before));
    one.clock.advance(Duration.ofSeconds(4));
    Instant later = one.clock.instant();
    one.links.follow(List.of(one.replica, two.replica, gone, away));
    assertFalse(one.links.hearsQuorumSince(later), "two of four are none");
    one.links.follow(List.of(one.replica, gone));
    assertFalse(one.links.hearsQuorumSince(later), "nor is one of two");
    one.links.follow(List.of(one.replica));
    assertTrue(one.links.hearsQuorumSince(later), "where there is no other it decides alone");
  }

  @Test
  void eachCountsWhatTheOthersProbesCameTo() {
    for (TestControl control : List.of(one, two)) {
      control.fleet.probes().found(Map.of("fra-1", Reach.UP, "iad-1", Reach.UP), true);
    }
    await("both vote", () -> one.fleet.probed("fra-1").equals(new Probed(2, 0, 0)));
    one.fleet.probes().found(Map.of("fra-1", Reach.DOWN), true);
    await("the other knows it", () -> two.fleet.probed("fra-1").equals(new Probed(1, 1, 0)));
    assertFalse(two.fleet.probed("fra-1").isDown(), "one of two is no quorum");
    two.fleet.probes().found(Map.of("fra-1", Reach.DOWN), true);
    await("it is down for both", () -> one.fleet.probed("fra-1").isDown());
    two.fleet.probes().found(Map.of("iad-1", Reach.UNKNOWN), true);
    await("it is forgotten", () -> one.fleet.probed("iad-1").equals(new Probed(1, 0, 0)));
    one.links.follow(List.of(one.replica));
    assertEquals(new Probed(0, 1, 0), one.fleet.probed("fra-1"), "who does not live has no vote");
  }

  @Test
  void aReceiptIsTheSameAtBoth() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    try (TestEdge edge = welcomed(one, fra)) {
      edge.ack(edge.next(FromControl.Update.class));
      issued(two);
      edge.next(FromControl.Purges.class);
      assertEquals(List.of("fra-1"), two.receipts.receipt(1).late());
      edge.say(new FromEdge.PurgeAck(1));
      assertTrue(two.receipts.await(1, SOON).isComplete());
      assertTrue(one.receipts.await(1, SOON).isComplete());
      await("the other knows it too", () -> two.fleet.state("fra-1").purge() == 1);
    }
  }

  private static void issued(TestControl control) {
    TestControl.committed(
        control.purges.issue(
            Optional.empty(), new PurgeScope.Everything(), false, Optional.empty()));
  }

  @Test
  void aNodeThatMovesIsKnownToBothWhereItIsNow() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    TestEdge first = welcomed(one, fra);
    first.say(beat(true));
    first.say(new FromEdge.PurgeAck(7));
    await("the other knows it", () -> two.fleet.state("fra-1").purge() == 7);
    try (TestEdge second = welcomed(two, fra)) {
      one.clock.advance(Duration.ofMillis(1));
      second.say(beat(false));
      await("the last word counts", () -> "full".equals(one.fleet.state("fra-1").healthDetail()));
      first.close();
      await("the old stream is over", () -> !one.fleet.own("fra-1").connected());
      assertTrue(one.fleet.state("fra-1").connected());
      assertEquals(7, two.fleet.state("fra-1").purge(), "what it applied it has applied");
    }
  }

  @Test
  void whatNodesOfBothSayOfOriginsIsOneAnswer() throws Exception {
    OriginHealth shop =
        new OriginHealth(
            "shop", List.of(new OriginHealth.Server("web", "http://a", "well", "", 1, 2, 3, 4)));
    Identity fra = one.enrolled("fra-1", "eu");
    Identity iad = one.enrolled("iad-1", "us");
    try (TestEdge edge = welcomed(one, fra);
        TestEdge other = welcomed(two, iad)) {
      edge.say(beat(true, shop));
      other.say(beat(true, shop));
      Map<String, OriginHealth> all = Map.of("fra-1", shop, "iad-1", shop);
      await("at the one", () -> one.fleet.origins("shop").equals(all));
      await("and at the other", () -> two.fleet.origins("shop").equals(all));
    }
  }

  /** Without any notification: the story of one that got lost. */
  @Test
  void aChangeCommittedElsewhereArrivesThoughNobodySaysSo() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    try (TestEdge edge = welcomed(one, fra)) {
      edge.ack(edge.next(FromControl.Update.class));
      TestControl.committed(two.sites.add(TestControl.site("shop.example")));
      FromControl.Update update = edge.next(FromControl.Update.class);
      assertEquals(List.of("shop-example"), update.sites().stream().map(s -> s.id()).toList());
      issued(two);
      assertEquals(1, edge.next(FromControl.Purges.class).purges().getFirst().number());
    }
  }

  @Test
  void aWarmUpBegunAtOneIsBroughtByTheOtherAndGoesOnWhereTheNodeMoves() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    List<WarmUrl> urls =
        IntStream.range(0, 40)
            .mapToObj(i -> new WarmUrl("https", "shop.example", "/" + i))
            .toList();
    String id;
    try (TestEdge edge = welcomed(one, fra)) {
      edge.ack(edge.next(FromControl.Update.class));
      id =
          two.warmUps
              .begin(new WarmUpStore.Order("shop", urls, Map.of(), 10, Set.of("fra-1"), List.of()))
              .orElseThrow()
              .id();
      one.clock.advance(Duration.ofSeconds(1)); // nobody says that there is one
      edge.next(FromControl.WarmUp.class);
      FromControl.WarmUp second = edge.next(FromControl.WarmUp.class);
      assertEquals(10, second.from());
      edge.say(new FromEdge.Warmed(id, 20, 0, 10, 0, 0, List.of()));
      edge.say(new FromEdge.Warmed(id, 10, 10, 0, 0, 0, List.of()));
      await(
          "both are noted",
          () -> progress(two, id).equals(Optional.of(new NodeProgress(10, 10, 0, 0))));
    }
    try (TestEdge edge = welcomed(two, fra)) {
      edge.ack(edge.next(FromControl.Update.class));
      assertEquals(20, edge.next(FromControl.WarmUp.class).from());
    }
  }

  private static Optional<NodeProgress> progress(TestControl control, String id) {
    return control.warmUps.progress(Purview.ALL, id).map(progress -> progress.nodes().get("fra-1"));
  }

  @Test
  void aNodeMayNotAskHowOthersDo() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    assertEquals(Status.Code.PERMISSION_DENIED, one.watch(Optional.of(fra)).getCode());
    assertEquals(Status.Code.PERMISSION_DENIED, one.watch(Optional.empty()).getCode());
  }

  @Test
  void aControlPlaneThatDiedIsNotBelievedForLong() throws Exception {
    Identity fra = one.enrolled("fra-1", "eu");
    try (TestEdge edge = welcomed(one, fra)) {
      edge.say(beat(true));
      await("the other knows that it serves", () -> two.fleet.state("fra-1").isServing());
      two.links.follow(List.of(two.replica));
      two.clock.advance(Duration.ofSeconds(3));
      assertFalse(two.fleet.state("fra-1").isServing());
    }
  }
}
