package dev.perigee.control.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.fleet.FleetView.NodeState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sentence by sentence, who counts as serving. */
final class JudgementTest {
  private final Judgement judgement = new Judgement();
  private final TreeMap<String, NodeState> states = new TreeMap<>();
  private final Set<String> answering = new HashSet<>();
  private final Set<String> unreached = new HashSet<>();
  private Instant now = Instant.ofEpochSecond(1_000);
  private Instant othersHeard = now;

  @BeforeEach
  void allServe() {
    alive("a", "b", "c");
    assertEquals(List.of("a", "b", "c"), serving());
  }

  private void alive(String... nodes) {
    for (String node : nodes) {
      states.put(node, state(node, true, true));
      answering.add(node);
    }
  }

  private NodeState state(String node, boolean connected, boolean well) {
    return new NodeState(
        node, connected, well, "", "", 1, 0, 0, 0, 0, Optional.of(now), List.of(), List.of());
  }

  /** Its stream ends, and it does not answer the next probe. */
  private void dead(String... nodes) {
    for (String node : nodes) {
      states.put(node, state(node, false, true));
      answering.remove(node);
    }
  }

  private void streamEnds(String... nodes) {
    for (String node : nodes) {
      states.put(node, state(node, false, true));
    }
  }

  private List<String> serving() {
    List<Judgement.Evidence> evidence =
        states.values().stream()
            .map(
                state ->
                    new Judgement.Evidence(
                        state,
                        unreached.contains(state.node()) ? new Probed(0, 1, 0) : Probed.NONE,
                        answering.contains(state.node())))
            .toList();
    return List.copyOf(
        new TreeSet<>(judgement.serving(evidence, time -> othersHeard.isAfter(time), now)));
  }

  private void after(Duration time) {
    now = now.plus(time);
  }

  private void othersAreHeard() {
    othersHeard = now;
  }

  @Test
  void aNodeThatSaysItIsNotWellIsOutAtOnceAndWhoeverIsHeard() {
    states.put("a", state("a", true, false));
    assertEquals(List.of("b", "c"), serving());
    assertFalse(judgement.isInDoubt());
  }

  @Test
  void aNodeThatAQuorumDoesNotReachIsOutThoughItsStreamLives() {
    unreached.add("a");
    assertEquals(List.of("b", "c"), serving());
  }

  @Test
  void aNodeThatDiedIsOutOnceTheOthersAreHeardSince() {
    dead("a");
    assertEquals(List.of("a", "b", "c"), serving(), "it may be this one that is cut off");
    assertTrue(judgement.isInDoubt());
    after(Duration.ofMillis(500));
    othersAreHeard();
    assertEquals(List.of("b", "c"), serving());
    assertFalse(judgement.isInDoubt());
  }

  @Test
  void whatWasOnItsWayWhenTheLinkBrokeSaysNothing() {
    dead("a");
    serving();
    after(Duration.ofMillis(50));
    othersAreHeard();
    assertEquals(List.of("a", "b", "c"), serving());
  }

  /** Silence is noticed after seconds: who was heard in them is not cut off. */
  @Test
  void aNodeThatFellSilentLongAgoIsOutAtOnceWhereTheOthersAreHeard() {
    dead("a");
    after(Duration.ofSeconds(2));
    othersAreHeard();
    after(Duration.ofSeconds(1));
    assertEquals(List.of("b", "c"), serving());
  }

  @Test
  void whereNobodyIsHeardASingleNodeThatDiedIsOutAfterTheDoubt() {
    dead("a");
    assertEquals(List.of("a", "b", "c"), serving());
    after(Judgement.DOUBT);
    assertEquals(List.of("b", "c"), serving());
  }

  @Test
  void whoHearsNobodyAndMissesMostNodesTakesNobodyDownForAsLongAsThatLasts() {
    dead("a");
    serving();
    after(Duration.ofSeconds(1));
    dead("b");
    assertEquals(List.of("a", "b", "c"), serving());
    after(Duration.ofHours(1));
    assertEquals(List.of("a", "b", "c"), serving());
    dead("c");
    assertEquals(List.of("a", "b", "c"), serving());
  }

  @Test
  void allNodesOfAPlaceThatDieTogetherAreOutOnceTheOthersAreHeard() {
    dead("a", "b");
    assertEquals(List.of("a", "b", "c"), serving());
    after(Duration.ofSeconds(1));
    othersAreHeard();
    assertEquals(List.of("c"), serving());
  }

  @Test
  void aNodeThatIsNotWellIsOutWhileThisControlPlaneIsCutOff() {
    dead("a", "b");
    states.put("c", state("c", true, false));
    assertEquals(List.of("a", "b"), serving());
  }

  @Test
  void onceTheOthersAreHeardAgainNodesHaveAWhileToBeHeard() {
    dead("a", "b", "c");
    serving();
    after(Duration.ofMinutes(5));
    assertEquals(List.of("a", "b", "c"), serving());
    othersAreHeard();
    assertEquals(List.of("a", "b", "c"), serving());
    alive("a", "b");
    after(Judgement.MOVING.minusMillis(1));
    assertEquals(List.of("a", "b", "c"), serving());
    after(Duration.ofMillis(1));
    assertEquals(List.of("a", "b"), serving(), "c is gone");
  }

  /** The story: of three nodes two were back, so the third was no longer one of most. */
  @Test
  void nodesThatComeBackBeforeTheOthersAreHeardTakeNoneOfTheRestDown() {
    dead("a", "b", "c");
    serving();
    after(Duration.ofMinutes(1));
    serving();
    alive("a", "b");
    assertEquals(List.of("a", "b", "c"), serving());
    othersAreHeard();
    assertEquals(List.of("a", "b", "c"), serving());
  }

  @Test
  void aNodeThatDiesWhileTheRestComesBackIsOut() {
    dead("a", "b");
    serving();
    after(Duration.ofMinutes(1));
    serving();
    othersAreHeard();
    serving();
    alive("a", "b");
    serving();
    after(Duration.ofSeconds(1));
    dead("c");
    serving();
    after(Duration.ofSeconds(1));
    othersAreHeard();
    assertEquals(List.of("a", "b"), serving());
  }

  /** The story: a control plane that was cut off from the nodes took its own down everywhere. */
  @Test
  void aNodeThatLostItsStreamAndAnswersProbesHasTimeToFindAnotherControlPlane() {
    streamEnds("a", "b", "c");
    serving();
    after(Duration.ofSeconds(2));
    othersAreHeard();
    assertEquals(List.of("a", "b", "c"), serving());
    alive("a", "b");
    after(Judgement.MOVING.minusSeconds(2));
    othersAreHeard();
    assertEquals(List.of("a", "b"), serving(), "c found none");
    answering.remove("a");
    assertEquals(List.of("a", "b"), serving(), "one probe says nothing while the stream lives");
  }

  @Test
  void aNodeThatIsOutIsInAgainByItsStreamAlone() {
    dead("a");
    serving();
    after(Duration.ofSeconds(1));
    othersAreHeard();
    assertEquals(List.of("b", "c"), serving());
    answering.add("a");
    assertEquals(List.of("b", "c"), serving());
    alive("a");
    assertEquals(List.of("a", "b", "c"), serving());
  }

  @Test
  void aNodeThatNeverServedIsNotHeld() {
    states.put("d", state("d", false, true));
    answering.add("d");
    assertEquals(List.of("a", "b", "c"), serving());
  }

  @Test
  void oneThatIsNoNodeAnyMoreIsForgotten() {
    dead("a", "b");
    serving();
    states.remove("a");
    states.remove("b");
    assertEquals(List.of("c"), serving());
    assertFalse(judgement.isInDoubt());
    assertFalse(judgement.counted("a"));
  }
}
