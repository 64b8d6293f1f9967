package dev.perigee.edge.config;

import java.time.Duration;

/**
 * Decides from what is heard of a control plane whether it lives: it is asked at each beat, and a
 * link that was cut in silence is known by its having said nothing at all for two.
 *
 * <p>Times are of a clock that never jumps. Where this node itself stood still, what it did not
 * hear meanwhile says nothing.
 */
final class Pulse {
  /** How often this is asked. */
  static final Duration LOOK = Duration.ofMillis(100);

  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration SLACK = Duration.ofMillis(250);

  /** Where there is nobody else to go to, it is asked more seldom, and given more time. */
  private static final int WITHOUT_CHOICE = 4;

  private final long beatNanos;
  private long heardCount;
  private long heardNanos;
  private long lookedNanos;
  private long askedNanos;

  /** What is to be done now. */
  enum Verdict {
    NOTHING,
    ASK,
    DEAD
  }

  /**
   * Begins with a control plane that was heard just now.
   *
   * @param beat what it wants, at least 100 ms
   */
  Pulse(Duration beat, long nowNanos) {
    beatNanos = (beat.compareTo(SHORTEST) < 0 ? SHORTEST : beat).toNanos();
    heardNanos = nowNanos;
    lookedNanos = nowNanos;
    askedNanos = nowNanos;
  }

  /**
   * To be asked every {@link #LOOK}.
   *
   * @param count messages that came so far
   * @param choice whether there is another control plane to go to
   */
  Verdict look(long count, boolean choice, long nowNanos) {
    boolean stood = nowNanos - lookedNanos > 4 * LOOK.toNanos();
    lookedNanos = nowNanos;
    if (count != heardCount || stood) {
      heardCount = count;
      heardNanos = nowNanos;
    }
    int slower = choice ? 1 : WITHOUT_CHOICE;
    if (nowNanos - heardNanos > (2 * beatNanos + SLACK.toNanos()) * slower) {
      return Verdict.DEAD;
    }
    if (nowNanos - askedNanos >= beatNanos * slower) {
      askedNanos = nowNanos;
      return Verdict.ASK;
    }
    return Verdict.NOTHING;
  }
}
