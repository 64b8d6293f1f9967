package dev.perigee.control.steer;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether it is this control plane that is cut off, and not the fleet that is down: it hears none
 * of the others that live by the database's word, and at the same time more than half of the nodes
 * fell silent. Then it has no quorum: nodes count on as they did before, but for those that it
 * hears. Nodes fall silent one after the other: while it is alone, each counts on for as long as it
 * takes to know whether the others follow.
 */
final class Isolation {
  /** How long before it is alone it may have begun to lose nodes. */
  static final Duration BEFORE = Duration.ofSeconds(5);

  /**
   * How long after the first of them the last node falls silent, as nodes say something each
   * second.
   */
  static final Duration AFTER = Duration.ofMillis(1_500);

  private final Map<String, Instant> missed = new HashMap<>();
  private Set<String> older = Set.of();
  private Set<String> newer = Set.of();
  private Instant newerAt = Instant.MIN;

  /**
   * The nodes that count on though they are silent.
   *
   * @param serving those that are heard and well
   * @param alone whether none of the other control planes is heard
   */
  Set<String> held(Set<String> serving, boolean alone, Instant now) {
    if (!alone) {
      missed.clear();
      if (newerAt.equals(Instant.MIN) || !newerAt.plus(BEFORE).isAfter(now)) {
        older = newer;
        newer = Set.copyOf(serving);
        newerAt = now;
      }
      return Set.of();
    }
    older.stream()
        .filter(node -> !serving.contains(node))
        .forEach(node -> missed.putIfAbsent(node, now));
    missed.keySet().removeAll(serving);
    return 2 * missed.size() > older.size() ? older : missedSince(now.minus(AFTER));
  }

  private Set<String> missedSince(Instant time) {
    return missed.entrySet().stream()
        .filter(one -> one.getValue().isAfter(time))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }
}
