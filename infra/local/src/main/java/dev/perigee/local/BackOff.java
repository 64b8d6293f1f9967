package dev.perigee.local;

import java.time.Duration;

/** How long to wait before a part that ended is started again: twice as long each time. */
final class BackOff {
  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** A part that ran this long is taken to be well. */
  private static final Duration STEADY = Duration.ofSeconds(60);

  private Duration next = FIRST;

  /** The pause after a run of this length. */
  Duration after(Duration ran) {
    if (ran.compareTo(STEADY) >= 0) {
      next = FIRST;
    }
    Duration pause = next;
    Duration doubled = next.multipliedBy(2);
    next = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
    return pause;
  }
}
