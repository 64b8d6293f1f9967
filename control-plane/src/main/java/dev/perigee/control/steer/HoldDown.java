package dev.perigee.control.steer;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether nodes count as serving: one that is lost is out at once, one that comes back is in again
 * once it has been there for a while, for longer each time that it was lost again soon. So one that
 * comes and goes stays out.
 */
final class HoldDown {
  /** How long a node must be there after it was lost. */
  static final Duration FIRST = Duration.ofSeconds(3);

  /** How long at most. */
  static final Duration LONGEST = Duration.ofSeconds(60);

  /** After this time without a loss a node is like one that never was lost. */
  static final Duration FORGIVEN = Duration.ofMinutes(5);

  private final Map<String, Seen> nodes = new ConcurrentHashMap<>();

  /**
   * What is remembered of a node.
   *
   * @param up whether it was there when last looked at
   * @param since since when it is so
   * @param hold how long it must be there
   */
  private record Seen(boolean up, Instant since, Duration hold) {
    private static final Seen NEVER_LOST = new Seen(true, Instant.MIN, Duration.ZERO);

    Seen next(boolean here, Instant now) {
      if (here == up) {
        return this;
      }
      return here ? new Seen(true, now, hold) : new Seen(false, now, longer(now));
    }

    private Duration longer(Instant now) {
      boolean forgiven = since.equals(Instant.MIN) || since.plus(FORGIVEN).isBefore(now);
      Duration twice = hold.multipliedBy(2);
      if (forgiven || hold.isZero()) {
        return FIRST;
      }
      return twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    }

    boolean counts(Instant now) {
      return up && (since.equals(Instant.MIN) || !since.plus(hold).isAfter(now));
    }
  }

  /** Whether the node counts as serving, now that it is seen serving or not. */
  boolean counts(String node, boolean serving, Instant now) {
    Seen seen =
        nodes.compute(
            node,
            (name, before) -> {
              if (before == null) {
                // Nobody knows that it ever was lost.
                return serving ? Seen.NEVER_LOST : new Seen(false, Instant.MIN, Duration.ZERO);
              }
              return before.next(serving, now);
            });
    return seen.counts(now);
  }

  /** Only these nodes exist. */
  void keep(Set<String> names) {
    nodes.keySet().retainAll(names);
  }
}
