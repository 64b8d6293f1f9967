package dev.perigee.control.stream;

import java.time.Duration;

/** Decides how long an edge that could not take an update waits for a snapshot. */
final class NackPolicy {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  private NackPolicy() {}

  /**
   * The wait after so many refusals in a row: none after the first, which a snapshot mends when the
   * node was not where the delta began; then one second, and twice as long each time.
   */
  static Duration wait(int refusals) {
    if (refusals <= 1) {
      return Duration.ZERO;
    }
    Duration wait = Duration.ofSeconds(1L << Math.min(refusals - 2, 10));
    return wait.compareTo(LONGEST) > 0 ? LONGEST : wait;
  }
}
