package dev.perigee.control.steer;

import static dev.perigee.control.steer.Fixtures.CLIENT;
import static dev.perigee.control.steer.Fixtures.node;
import static dev.perigee.control.steer.Fixtures.serving;
import static dev.perigee.control.steer.Fixtures.site;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.Steering.Candidate;
import dev.perigee.control.steer.Steering.Explanation;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients go to the nearest node that may serve them, and one can see why. */
class NearestSteeringTest {
  private static final Node FRANKFURT = node("fra-1", "eu", 50.11, 8.68);
  private static final Node ASHBURN = node("iad-1", "us", 39.04, -77.49);
  private static final Node SINGAPORE = node("sin-1", "asia", 1.35, 103.82);
  private static final SiteConfig EVERYWHERE = site("all", List.of("all.example"));
  private static final SiteConfig EUROPE = site("eu-only", List.of("eu.example"), "eu");

  private static NearestSteering berlin(SteeredNode... nodes) {
    NearestSteering steering =
        new NearestSteering(Fixtures.at(52.5, 13.4, 24), NearestSteering.DEFAULT_POSITION);
    steering.swap(new SteeringSnapshot(List.of(nodes), List.of(EVERYWHERE, EUROPE), 1));
    return steering;
  }

  private static Optional<String> chosen(NearestSteering steering, SiteConfig site) {
    return steering.explain(CLIENT, Optional.of(site.id())).chosen().map(Candidate::node);
  }

  @Test
  void theNearestWins() {
    NearestSteering steering = berlin(serving(SINGAPORE), serving(ASHBURN), serving(FRANKFURT));
    Explanation why = steering.explain(CLIENT, Optional.empty());
    assertEquals(
        List.of("fra-1", "iad-1", "sin-1"),
        why.candidates().stream().map(Candidate::node).toList());
    assertEquals(
        "Chosen: the nearest, 6306 km nearer than iad-1; it is serving.",
        why.candidates().getFirst().reason());
    assertEquals(
        "Lost to fra-1, which is 6306 km nearer; it is serving.", why.candidates().get(1).reason());
    assertEquals(24, why.scopePrefix());
    assertFalse(why.fallback());
  }

  @Test
  void ofNodesOfOnePlaceOneHasTheSite() {
    Node beside = node("fra-2", "eu", 50.12, 8.69);
    Explanation why = berlin(serving(beside), serving(FRANKFURT)).explain(CLIENT, Optional.empty());
    String winner = why.chosen().orElseThrow().node();
    assertEquals(
        List.of(
            "Chosen: of the nodes of its place the one for this site and network; it is serving.",
            "Lost to %s, which is the one of their place for this site and network; it is serving."
                .formatted(winner)),
        why.candidates().stream().map(Candidate::reason).toList());
  }

  /** Nodes that hold the same are told together, as many as the site has share an object. */
  @Test
  void nodesThatShareTheSiteAreAsGoodAsEachOther() {
    Node beside = node("fra-2", "eu", 50.12, 8.69);
    Node third = node("fra-3", "eu", 50.12, 8.69);
    NearestSteering steering =
        berlin(serving(beside), serving(FRANKFURT), serving(third), serving(ASHBURN));
    Choice chosen =
        steering.choose(CLIENT.getAddress(), 32, EVERYWHERE, NodeChoice.keyOf(EVERYWHERE));
    assertEquals(2, chosen.together());
    assertEquals(3, chosen.nodes().size());
    assertTrue(chosen.nodes().stream().noneMatch(ASHBURN::equals));
    Choice alone =
        berlin(serving(FRANKFURT), serving(ASHBURN))
            .choose(CLIENT.getAddress(), 32, EVERYWHERE, NodeChoice.keyOf(EVERYWHERE));
    assertEquals(1, alone.together());
    assertEquals(2, alone.nodes().size());
  }

  @Test
  void aDeadADrainingAndAnUnenrolledNodeAreOut() {
    Node draining = node("dra-1", "eu", 52.5, 13.4, true, true);
    Node fresh = node("new-1", "eu", 52.5, 13.4, false, false);
    NearestSteering steering =
        berlin(
            new SteeredNode(FRANKFURT, false), serving(draining), serving(fresh), serving(ASHBURN));
    Explanation why = steering.explain(CLIENT, Optional.empty());
    assertEquals("iad-1", why.chosen().orElseThrow().node());
    assertEquals(
        "Chosen: the only one in the running; it is serving.", why.chosen().get().reason());
    assertEquals(
        List.of(
            "Out: it is draining.",
            "Out: it is not enrolled.",
            "Out: it is not connected, not healthy or not reached."),
        why.candidates().stream().skip(1).map(Candidate::reason).toList());
    assertEquals(0, why.scopePrefix(), "the answer does not depend on the client");
  }

  @Test
  void whereNoneIsHealthyAllAreTakenForHealthy() {
    NearestSteering steering =
        berlin(new SteeredNode(ASHBURN, false), new SteeredNode(FRANKFURT, false));
    Explanation why = steering.explain(CLIENT, Optional.empty());
    assertEquals("fra-1", why.chosen().orElseThrow().node());
    assertTrue(why.fallback());
  }

  @Test
  void aDrainingNodeIsTheLastResort() {
    Node draining = node("dra-1", "eu", 52.5, 13.4, true, true);
    assertEquals(
        Optional.of("fra-1"),
        chosen(berlin(serving(draining), new SteeredNode(FRANKFURT, false)), EUROPE));
    assertEquals(Optional.of("dra-1"), chosen(berlin(serving(draining)), EUROPE));
  }

  /** The story: a site of one region was steered to nodes that would refuse it. */
  @Test
  void aSiteIsNeverSentWhereItIsNotServed() {
    assertEquals(Optional.of("iad-1"), chosen(berlin(serving(ASHBURN)), EVERYWHERE));
    assertEquals(Optional.empty(), chosen(berlin(serving(ASHBURN)), EUROPE));
    assertEquals(
        Optional.of("fra-1"),
        chosen(berlin(serving(ASHBURN), new SteeredNode(FRANKFURT, false)), EUROPE));
  }

  @Test
  void aClientOfUnknownPositionGoesToTheDefaultAndIsToldSo() {
    NearestSteering steering =
        new NearestSteering(GeoLocator.unknown(), NearestSteering.DEFAULT_POSITION);
    steering.swap(
        new SteeringSnapshot(List.of(serving(FRANKFURT), serving(ASHBURN)), List.of(), 1));
    Explanation why = steering.explain(CLIENT, Optional.empty());
    assertEquals("iad-1", why.chosen().orElseThrow().node());
    assertEquals("unknown", why.positionSource());
    assertEquals(Optional.empty(), why.chosen().get().distanceKm());
    assertTrue(why.chosen().get().reason().contains("from where unknown clients are taken to be"));
    assertEquals(32, why.scopePrefix());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 180, 20015.1",
    "0, 0, 0, 0, 0",
    "90, 0, -90, 0, 20015.1",
    "50.11, 8.68, 52.52, 13.40, 424",
    "0, 179, 0, -179, 222.4",
  })
  void distancesAreThoseOfTheGreatCircle(
      double latA, double lonA, double latB, double lonB, double expected) {
    assertEquals(
        expected,
        Globe.distanceKm(new Position(latA, lonA), new Position(latB, lonB)),
        Math.max(0.1, expected / 200));
  }

  @Property(tries = 300)
  void noOtherNodeInTheRunningIsNearer(
      @ForAll @Size(min = 2, max = 60) List<@DoubleRange(min = -90, max = 90) Double> numbers,
      @ForAll @DoubleRange(min = -90, max = 90) double latitude,
      @ForAll @DoubleRange(min = -180, max = 180) double longitude) {
    List<SteeredNode> nodes = new ArrayList<>();
    for (int i = 0; i + 1 < numbers.size(); i += 2) {
      Node node = node("n" + i, "r" + i, numbers.get(i), 2 * numbers.get(i + 1));
      // Three of them are dead: of the four that are nearest one is left.
      nodes.add(new SteeredNode(node, i % 24 != 0));
    }
    NearestSteering steering =
        new NearestSteering(Fixtures.at(latitude, longitude, 24), NearestSteering.DEFAULT_POSITION);
    steering.swap(new SteeringSnapshot(nodes, List.of(), 1));
    Explanation why = steering.explain(CLIENT, Optional.empty());
    Candidate first = why.chosen().orElseThrow();
    // Of two that are as near, to a millimetre, either may be the first.
    double nearest = first.distanceKm().orElseThrow() - 1e-6;
    for (Candidate other : why.candidates()) {
      assertTrue(!other.eligible() || other.distanceKm().orElseThrow() >= nearest);
    }
    assertEquals(nodes.size(), why.candidates().size());
  }
}
