package dev.perigee.control.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.OriginHealth;
import dev.perigee.control.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is known of the nodes from what they say and from their silence. */
final class FleetTest {
  private final MovableClock clock = new MovableClock(Instant.parse("2026-01-01T00:00:00Z"));
  private final Fleet fleet = new Fleet(clock, () -> List.of("fra-1", "iad-1"));

  private static FromEdge.Hello hello(String node, long revision, long purge) {
    return new FromEdge.Hello(node, "1.0", revision, purge, "log", Set.of(), List.of());
  }

  private static FromEdge.Heartbeat beat(long revision, long purge, boolean healthy) {
    return new FromEdge.Heartbeat(
        revision, purge, 1.5, 7, 0.25, healthy, healthy ? "" : "full", List.of(), List.of());
  }

  @Test
  void whatANodeHoldsOfGeoIpIsKnownFromHelloAndFromHeartbeats() {
    GeoHolding city = new GeoHolding(GeoKind.CITY, "0a".repeat(32), 5);
    List<GeoHolding> said = List.of(city, GeoHolding.none(GeoKind.ASN));
    fleet.connected(this, new FromEdge.Hello("fra-1", "1.0", 0, 0, "log", Set.of(), said));
    assertEquals(List.of(city), fleet.state("fra-1").geo());
    fleet.heartbeat("fra-1", beat(1, 0, true));
    assertEquals(List.of(), fleet.state("fra-1").geo());
  }

  @Test
  void aNodeThatNeverCameIsNotConnected() {
    assertFalse(fleet.state("fra-1").connected());
    assertEquals("never connected", fleet.state("fra-1").healthDetail());
  }

  @Test
  void aNodeServesOnceItSaysThatItIsHealthyAndUntilItIsSilentForThreeSeconds() {
    AtomicInteger changes = new AtomicInteger();
    fleet.onChange(changes::incrementAndGet);
    fleet.connected(this, hello("fra-1", 3, 4));
    assertTrue(fleet.state("fra-1").connected());
    assertFalse(fleet.state("fra-1").isServing());
    fleet.heartbeat("fra-1", beat(3, 4, true));
    assertTrue(fleet.state("fra-1").isServing());
    assertEquals(2, changes.get());

    clock.advance(Duration.ofMillis(2_999));
    fleet.sweep();
    assertTrue(fleet.state("fra-1").isServing());
    assertEquals(2, changes.get());
    clock.advance(Duration.ofMillis(1));
    assertFalse(fleet.state("fra-1").isServing(), "even before the sweep");
    fleet.sweep();
    assertEquals(3, changes.get());
  }

  @Test
  void whatANodeSaysOfOriginsIsKnownWhileItIsConnected() {
    OriginHealth.Server ill =
        new OriginHealth.Server("web", "http://a", "check-failed", "status", 1, 2, 3, 4);
    OriginHealth shop = new OriginHealth("shop", List.of(ill));
    fleet.connected(this, hello("fra-1", 0, 0));
    fleet.heartbeat(
        "fra-1", new FromEdge.Heartbeat(0, 0, 0, 0, 0, true, "", List.of(), List.of(shop)));
    fleet.heartbeat("fra-1", beat(0, 0, true));
    assertEquals(Map.of("fra-1", shop), fleet.origins("shop"));
    assertEquals(Map.of(), fleet.origins("other"));
    fleet.lost(this, "fra-1");
    fleet.connected(this, hello("fra-1", 0, 0));
    assertEquals(Map.of(), fleet.origins("shop"), "another process may see it differently");
  }

  @Test
  void anUnhealthyNodeServesNobodyAndSaysWhy() {
    fleet.connected(this, hello("fra-1", 0, 0));
    fleet.heartbeat("fra-1", beat(1, 0, false));
    assertFalse(fleet.state("fra-1").isServing());
    assertEquals("full", fleet.state("fra-1").healthDetail());
  }

  @Test
  void theEndOfAStreamThatWasReplacedChangesNothing() {
    Object older = new Object();
    Object newer = new Object();
    fleet.connected(older, hello("fra-1", 0, 0));
    fleet.connected(newer, hello("fra-1", 0, 0));
    fleet.lost(older, "fra-1");
    assertTrue(fleet.state("fra-1").connected());
    fleet.lost(newer, "fra-1");
    assertFalse(fleet.state("fra-1").connected());
  }

  @Test
  void anAcknowledgementBringsTheRevisionAndTheRefusals() {
    fleet.connected(this, hello("fra-1", 1, 0));
    List<FromEdge.Refusal> refusals = List.of(new FromEdge.Refusal("shop", "no origin"));
    fleet.acknowledged("fra-1", new FromEdge.Ack("n", 2, refusals));
    assertEquals(2, fleet.state("fra-1").revision());
    assertEquals(refusals, fleet.state("fra-1").refusals());
  }

  private FleetView.NodeState said(boolean connected, long purge, Duration ago) {
    return new FleetView.NodeState(
        "fra-1",
        connected,
        true,
        "",
        "1.0",
        3,
        purge,
        0,
        0,
        0,
        Optional.of(clock.instant().minus(ago)),
        List.of(),
        List.of());
  }

  @Test
  void ofTwoWhoHearANodeTheOneThatHeardItLastCounts() {
    fleet.connected(this, hello("fra-1", 3, 4));
    fleet.heartbeat("fra-1", beat(3, 4, false));
    fleet.heard("other", said(true, 2, Duration.ofSeconds(1)));
    assertFalse(fleet.state("fra-1").isServing());
    clock.advance(Duration.ofMillis(1));
    fleet.heard("other", said(true, 2, Duration.ZERO));
    assertTrue(fleet.state("fra-1").isServing());
    assertEquals(4, fleet.state("fra-1").purge(), "what it applied it has applied");
    fleet.heard("third", said(false, 0, Duration.ofDays(1)));
    assertTrue(fleet.state("fra-1").isServing(), "one that lost it says nothing of the others");
    fleet.heard("other", said(false, 2, Duration.ZERO));
    assertFalse(fleet.state("fra-1").isServing(), "so the own stream counts again");
    assertTrue(fleet.state("fra-1").connected());
  }

  @Test
  void aNodeThatOnlyAnotherOneHeardIsGoneAfterThreeSecondsOfSilence() {
    AtomicInteger changes = new AtomicInteger();
    fleet.onChange(changes::incrementAndGet);
    fleet.heard("other", said(true, 0, Duration.ZERO));
    assertTrue(fleet.state("fra-1").isServing());
    clock.advance(Duration.ofSeconds(3));
    fleet.sweep();
    assertFalse(fleet.state("fra-1").connected());
    assertEquals(2, changes.get());
  }

  /** The story: until its first heartbeat it counted as one that says that it is not well. */
  @Test
  void aNodeThatComesFromAnotherControlPlaneIsAsItSaidThere() {
    fleet.connected(this, hello("fra-1", 1, 1));
    fleet.heartbeat("fra-1", beat(1, 1, true));
    FleetView.NodeState there = fleet.state("fra-1");
    Fleet other = new Fleet(clock, () -> List.of("fra-1"));
    other.heard("one", there);
    clock.advance(Duration.ofSeconds(5));
    assertFalse(other.state("fra-1").isServing());
    other.connected(this, hello("fra-1", 1, 1));
    assertTrue(other.state("fra-1").isServing());
    other.heartbeat("fra-1", beat(1, 1, false));
    assertFalse(other.state("fra-1").isServing());
  }

  @Test
  void aNodeIsInDoubtFromItsSilenceUntilTheOthersAreHeard() {
    AtomicInteger changes = new AtomicInteger();
    fleet.connected(this, hello("fra-1", 1, 1));
    fleet.heartbeat("fra-1", beat(1, 1, true));
    fleet.quorumSince(time -> false);
    assertEquals(Set.of("fra-1"), fleet.serving(Map.of("fra-1", fleet.state("fra-1"))));
    fleet.lost(this, "fra-1");
    assertEquals(Set.of("fra-1"), fleet.serving(Map.of("fra-1", fleet.state("fra-1"))));
    fleet.onChange(changes::incrementAndGet);
    fleet.sweep();
    assertEquals(1, changes.get(), "so that it is looked at again");
    fleet.quorumSince(time -> true);
    assertEquals(Set.of(), fleet.serving(Map.of("fra-1", fleet.state("fra-1"))));
    fleet.sweep();
    assertEquals(1, changes.get());
  }
}
