package dev.perigee.control.steer;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/**
 * Whether it is this control plane that is cut off, and not the fleet that is down: it hears none
 * of the others that live by the database's word, and at the same time more than half of the nodes
 * fell silent. Then it has no quorum: nodes count on as they did before, but for those that it
 * hears.
 */
final class Isolation {
  /** How long before it is alone it may have begun to lose nodes. */
  static final Duration BEFORE = Duration.ofSeconds(5);

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
      if (newerAt.equals(Instant.MIN) || !newerAt.plus(BEFORE).isAfter(now)) {
        older = newer;
        newer = Set.copyOf(serving);
        newerAt = now;
      }
      return Set.of();
    }
    long left = older.stream().filter(serving::contains).count();
    return 2 * left < older.size() ? older : Set.of();
  }
}
