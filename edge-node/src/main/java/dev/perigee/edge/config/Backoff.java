package dev.perigee.edge.config;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before the next try: doubling, bounded, with jitter of a half. */
final class Backoff {
  private static final long FIRST_MILLIS = 200;
  private static final long LAST_MILLIS = 5_000;
  private static final int MAX_DOUBLINGS = 10;

  private Backoff() {}

  /**
   * The wait after this many tries in a row have failed.
   *
   * @param failures at least 1
   */
  static Duration wait(int failures, RandomGenerator random) {
    int doublings = Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1));
    long bound = Math.min(LAST_MILLIS, FIRST_MILLIS << doublings);
    return Duration.ofMillis(bound / 2 + random.nextLong(bound / 2 + 1));
  }
}
