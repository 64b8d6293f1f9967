package dev.perigee.control.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Down needs a quorum, and who is cut off has no vote. */
final class ProbesTest {
  private final MovableClock clock = new MovableClock(Instant.ofEpochSecond(1_000));
  private final Set<String> serving = new HashSet<>(List.of("a", "b", "c", "d"));
  private final List<String> told = new ArrayList<>();
  private int changes;
  private final Probes probes = new Probes(clock, serving::contains, told::add, () -> changes++);

  private void reached(String... nodes) {
    for (String node : nodes) {
      probes.found(Map.of(node, Reach.UP), true);
    }
  }

  private void down(String... nodes) {
    for (String node : nodes) {
      probes.found(Map.of(node, Reach.SUSPECT), true);
      probes.found(Map.of(node, Reach.DOWN), true);
    }
  }

  private boolean isDown(String node) {
    return probes.of(node).isDown();
  }

  @Test
  void aSingleControlPlaneDecidesAlone() {
    reached("a", "b", "c");
    assertFalse(isDown("a"));
    probes.found(Map.of("a", Reach.SUSPECT), true);
    assertFalse(isDown("a"), "one probe that is lost says nothing");
    probes.found(Map.of("a", Reach.DOWN), true);
    assertTrue(isDown("a"));
    assertFalse(isDown("b"));
    reached("a");
    assertFalse(isDown("a"));
  }

  @Test
  void aNodeThatNeverAnsweredIsJudgedByItsStreamAlone() {
    probes.found(Map.of("a", Reach.UNKNOWN), true);
    assertEquals(Probed.NONE, probes.of("a"));
  }

  @Test
  void ofTwoControlPlanesBothMustSeeItDown() {
    probes.living(Set.of("two"));
    reached("a", "b", "c");
    probes.heard("two", true, Map.of("a", Reach.UP));
    down("a");
    assertEquals(new Probed(1, 1, 0), probes.of("a"));
    assertFalse(isDown("a"));
    probes.heard("two", true, Map.of("a", Reach.DOWN));
    assertTrue(isDown("a"));
  }

  @Test
  void oneOfThreeThatDoesNotReachANodeTakesItNotDownAndTwoDo() {
    probes.living(Set.of("two", "three"));
    reached("a", "b", "c");
    probes.heard("two", true, Map.of("a", Reach.DOWN));
    probes.heard("three", true, Map.of("a", Reach.UP));
    assertFalse(isDown("a"));
    probes.heard("three", true, Map.of("a", Reach.DOWN));
    assertTrue(isDown("a"), "though this one reaches it");
  }

  @Test
  void whoHearsNobodyTakesNobodyDown() {
    probes.living(Set.of("two"));
    reached("a", "b", "c");
    down("a");
    assertEquals(new Probed(0, 1, 1), probes.of("a"));
    assertFalse(isDown("a"));
    probes.heard("two", true, Map.of("a", Reach.DOWN));
    assertTrue(isDown("a"));
    clock.advance(Duration.ofSeconds(4));
    assertFalse(isDown("a"), "what was heard is old");
    probes.living(Set.of());
    assertTrue(isDown("a"), "the other does not live any more");
  }

  @Test
  void whoDoesNotReachMostNodesHasNoVoteAndSaysSo() {
    reached("a", "b", "c", "d");
    down("a", "b");
    assertTrue(probes.votes());
    assertTrue(isDown("a"));
    told.clear();
    probes.found(Map.of("c", Reach.SUSPECT), true);
    assertFalse(probes.votes(), "three of four did not answer the last one");
    assertFalse(isDown("a"));
    assertFalse(told.isEmpty(), "the others hear of it at once");
    reached("b", "c");
    assertTrue(isDown("a"));
  }

  @Test
  void nodesThatDoNotCountSayNothingOfWhoIsCutOff() {
    reached("a", "b", "c", "d");
    serving.removeAll(List.of("c", "d"));
    down("c", "d", "a");
    assertTrue(probes.votes());
    assertTrue(isDown("a"));
  }

  @Test
  void whoProbesTooLateHasNoVote() {
    reached("a", "b", "c");
    down("a");
    probes.found(Map.of(), false);
    assertFalse(isDown("a"));
  }

  @Test
  void oneThatHasNoVoteOrNothingToSayDoesNotCount() {
    probes.living(Set.of("two", "three"));
    reached("a", "b", "c");
    down("a");
    probes.heard("two", false, Map.of("a", Reach.UP));
    probes.heard("three", true, Map.of("b", Reach.UP));
    assertEquals(new Probed(0, 1, 0), probes.of("a"));
    assertTrue(isDown("a"));
  }

  @Test
  void onlyWhatChangesIsNews() {
    reached("a", "b", "c");
    int before = changes;
    told.clear();
    probes.found(Map.of("a", Reach.SUSPECT), true);
    probes.found(Map.of("a", Reach.UP), true);
    probes.found(Map.of(), true);
    assertEquals(before, changes);
    assertEquals(List.of(), told);
    down("a");
    assertEquals(List.of("a"), told);
    probes.found(Map.of("a", Reach.UNKNOWN), true);
    assertEquals(Set.of("b", "c"), probes.nodes());
    assertEquals(List.of("a", "a"), told);
  }

  @Test
  void aNodeAnswersByTheLastProbeOfThisOneOrByTheOthersWhereItHasNoVote() {
    probes.living(Set.of("two"));
    probes.heard("two", true, Map.of("a", Reach.UP, "b", Reach.DOWN));
    reached("a", "b", "c", "d");
    assertTrue(probes.answers("a"));
    probes.found(Map.of("a", Reach.SUSPECT), true);
    assertFalse(probes.answers("a"), "though it is not down yet");
    assertTrue(probes.answers("b"));
    probes.found(Map.of("c", Reach.SUSPECT, "d", Reach.SUSPECT), true);
    assertTrue(probes.answers("a"), "this one is cut off, the other reaches it");
    assertFalse(probes.answers("b"));
  }
}
