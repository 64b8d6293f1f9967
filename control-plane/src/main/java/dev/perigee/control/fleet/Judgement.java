package dev.perigee.control.fleet;

import dev.perigee.control.fleet.FleetView.NodeState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which nodes count as serving: the one place where what streams say, what probes came to and whom
 * this control plane hears are weighed against each other.
 *
 * <ul>
 *   <li>A node that a quorum of control planes does not reach is out, and so is one that says that
 *       it is not well.
 *   <li>One whose stream lives counts otherwise.
 *   <li>One that lost its stream and answers probes is on its way to another control plane: it
 *       counts on for {@link #MOVING}.
 *   <li>One that lost its stream and does not answer is out once this control plane has heard a
 *       quorum since: so it is not this one that is cut off.
 *   <li>Until then it counts on for {@link #DOUBT} and, if this control plane misses most nodes,
 *       for as long as it hears no quorum. Nodes fall silent one after the other: it takes so long
 *       to know whether most follow.
 *   <li>When a quorum is heard again after that, nodes have {@link #MOVING} to be heard as well.
 * </ul>
 */
final class Judgement {
  /** How long a node may take to find another control plane. */
  static final Duration MOVING = Duration.ofSeconds(10);

  /** How long after the first of them the last node falls silent. */
  static final Duration DOUBT = Duration.ofMillis(1_500);

  /** A node that was not heard for so long should have been: it says something each second. */
  private static final Duration BEAT = Duration.ofMillis(1_500);

  /** What was on its way when a link broke comes within this time. */
  private static final Duration FLIGHT = Duration.ofMillis(100);

  /** The nodes that counted, until they were out. */
  private final Set<String> known = new HashSet<>();

  private final Map<String, Instant> lost = new HashMap<>();
  private boolean cutOff;

  /** Whether it was so for longer than the doubt lasts. */
  private boolean wasLong;

  private Instant heardAgain = Instant.EPOCH;
  private volatile Set<String> serving = Set.of();

  /**
   * What is known of one node.
   *
   * @param state by the streams of all control planes that are heard
   * @param probed by the probes of all that vote
   * @param answers whether it answered its last probe
   */
  record Evidence(NodeState state, Probed probed, boolean answers) {
    boolean saysItIsNotWell() {
      return state.connected() && !state.healthy();
    }
  }

  /** Whether so many of all are most, so that it is who misses them who is cut off. */
  static boolean areMost(int missed, int all) {
    return 2 * missed > all;
  }

  /**
   * The names of those that count now.
   *
   * @param quorumSince whether more than half of the control planes, this one among them, were
   *     heard after a time
   */
  synchronized Set<String> serving(
      Collection<Evidence> nodes, Predicate<Instant> quorumSince, Instant now) {
    for (Evidence node : nodes) {
      note(node, now);
    }
    Set<String> names =
        nodes.stream().map(node -> node.state().node()).collect(Collectors.toUnmodifiableSet());
    known.retainAll(names);
    lost.keySet().retainAll(names);
    Predicate<Instant> heard = since -> quorumSince.test(since.plus(FLIGHT));
    cutOff = areMost(lost.size(), known.size()) && !lost.values().stream().allMatch(heard);
    if (wasLong && !cutOff) {
      heardAgain = now;
    }
    wasLong = cutOff && lost.values().stream().anyMatch(since -> !now.isBefore(since.plus(DOUBT)));
    serving =
        nodes.stream()
            .filter(node -> counts(node, heard, now))
            .map(node -> node.state().node())
            .collect(Collectors.toUnmodifiableSet());
    // Without a quorum those that are out still tell whether most follow.
    lost.entrySet().removeIf(one -> !serving.contains(one.getKey()) && heard.test(one.getValue()));
    known.removeIf(node -> !serving.contains(node) && !lost.containsKey(node));
    return serving;
  }

  /** Whether a node counted when it was last asked. */
  boolean counted(String node) {
    return serving.contains(node);
  }

  /** Whether nodes count on that were lost, so that it should look again soon. */
  synchronized boolean isInDoubt() {
    return !lost.isEmpty();
  }

  private void note(Evidence node, Instant now) {
    NodeState state = node.state();
    if (state.isServing()) {
      known.add(state.node());
      lost.remove(state.node());
    } else if (node.saysItIsNotWell()) {
      known.remove(state.node());
      lost.remove(state.node());
    } else if (known.contains(state.node())) {
      Instant due = state.lastSeen().orElse(now).plus(BEAT);
      lost.putIfAbsent(state.node(), due.isBefore(now) ? due : now);
    }
  }

  private boolean counts(Evidence node, Predicate<Instant> heard, Instant now) {
    if (node.probed().isDown()) {
      return false;
    }
    Instant since = lost.get(node.state().node());
    if (since == null) {
      return node.state().isServing();
    }
    boolean moving = node.answers() && now.isBefore(since.plus(MOVING));
    boolean returning = since.isBefore(heardAgain) && now.isBefore(heardAgain.plus(MOVING));
    boolean doubtful = !heard.test(since) && (cutOff || now.isBefore(since.plus(DOUBT)));
    return moving || returning || doubtful;
  }
}
