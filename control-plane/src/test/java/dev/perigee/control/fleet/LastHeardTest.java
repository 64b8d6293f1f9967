package dev.perigee.control.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.MovableClock;
import dev.perigee.control.fleet.FleetView.NodeState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What counts as the nodes' health while nobody tells of it. */
final class LastHeardTest {
  private static final Duration STEP = Duration.ofMillis(250);

  private final MovableClock clock = new MovableClock(Instant.parse("2026-01-01T00:00:00Z"));
  private final Fleet fleet = new Fleet(clock, List::of);
  private final AtomicBoolean heard = new AtomicBoolean(true);
  private final AtomicReference<Boolean> others = new AtomicReference<>();
  private final LastHeard memory = new LastHeard(fleet, heard::get, others::set, clock);

  private NodeState state(String node, boolean connected) {
    return new NodeState(
        node,
        connected,
        true,
        "",
        "1.0",
        3,
        4,
        0,
        0,
        0,
        Optional.of(clock.instant()),
        List.of(),
        List.of());
  }

  /** Time passes; of these nodes another control plane tells. */
  private void pass(Duration time, String... told) {
    for (Duration at = Duration.ZERO; at.compareTo(time) < 0; at = at.plus(STEP)) {
      clock.advance(STEP);
      for (String node : told) {
        fleet.heard("other", state(node, true));
      }
      fleet.sweep();
      memory.look();
    }
  }

  @Test
  void nodesCountOnAsTheyDidWhenOthersWereLastHeard() {
    pass(Duration.ofSeconds(5), "fra-1", "fra-2");
    // Nobody tells anything, and only then is it known that nobody is heard.
    pass(Duration.ofSeconds(2));
    heard.set(false);
    pass(Duration.ofHours(1));
    assertTrue(fleet.state("fra-1").isServing());
    assertTrue(fleet.state("fra-2").isServing());
    assertEquals(2, memory.states().size());
  }

  @Test
  void whatIsHeardFirstIsAtHandAtOnce() {
    pass(STEP, "fra-1");
    assertEquals(List.of("fra-1"), memory.states().stream().map(NodeState::node).toList());
  }

  /** A link that has ended is heard for two seconds more, while its nodes are lost already. */
  @Test
  void whatIsLostWithTheLastLinkIsNotWhatWasHeardLast() {
    pass(Duration.ofSeconds(6), "fra-1");
    fleet.heard("other", state("fra-1", false));
    pass(Duration.ofSeconds(2));
    heard.set(false);
    pass(Duration.ofSeconds(2));
    assertTrue(memory.states().getFirst().isServing());
    assertTrue(fleet.state("fra-1").isServing());
  }

  @Test
  void onceOthersAreHeardAgainOnlyTheyCount() {
    memory.begin(List.of(state("fra-1", true), state("gone-1", true), state("never-1", false)));
    heard.set(false);
    pass(Duration.ofMinutes(1));
    assertTrue(fleet.state("gone-1").isServing());
    assertFalse(fleet.state("never-1").isServing());
    heard.set(true);
    pass(Duration.ofSeconds(4), "fra-1");
    assertTrue(fleet.state("fra-1").isServing());
    assertFalse(fleet.state("gone-1").isServing(), "nobody tells of it");
  }

  @Test
  void probesFromHereCountAloneOnceNobodyWasHeardForAWhile() {
    fleet.probes().living(Set.of("other"));
    memory.begin(List.of(state("fra-1", true), state("fra-2", true), state("fra-3", true)));
    heard.set(false);
    fleet.probes().found(Map.of("fra-1", Reach.DOWN, "fra-2", Reach.UP, "fra-3", Reach.UP), true);
    pass(Duration.ofSeconds(4));
    assertEquals(true, others.get(), "the other one might vote against it");
    pass(Duration.ofSeconds(2));
    assertEquals(false, others.get());
    heard.set(true);
    pass(Duration.ofSeconds(1));
    assertEquals(true, others.get());
  }

  @Test
  void whoReachesFewerThanHalfOfThemIsItselfCutOff() {
    memory.begin(List.of(state("fra-1", true), state("fra-2", true), state("fra-3", true)));
    heard.set(false);
    pass(Duration.ofSeconds(10));
    Map<String, NodeState> states = new HashMap<>();
    List.of("fra-1", "fra-2", "fra-3").forEach(node -> states.put(node, fleet.state(node)));
    assertEquals(3, fleet.serving(states).size());
    fleet.probes().found(Map.of("fra-1", Reach.DOWN, "fra-2", Reach.DOWN, "fra-3", Reach.UP), true);
    assertFalse(fleet.probed("fra-1").isDown());
    fleet.probes().found(Map.of("fra-2", Reach.UP), true);
    assertTrue(fleet.probed("fra-1").isDown());
  }
}
