package dev.perigee.control.store;

import java.time.Duration;

/**
 * How fast one owner may purge, and how long a key stands for its purge.
 *
 * @param perSecond purges a second that an owner may issue in the long run
 * @param burst purges that it may issue at once after a pause
 * @param keyLife after which an idempotency key may stand for another purge
 */
public record PurgeLimits(int perSecond, int burst, Duration keyLife) {
  /** What is in force where nobody says otherwise. */
  public static final PurgeLimits DEFAULT = new PurgeLimits(100, 1_000, Duration.ofHours(24));

  private static final double NANOS = 1e9;

  /** Refuses what would let nobody purge. */
  public PurgeLimits {
    if (perSecond < 1 || burst < 1 || keyLife.isNegative() || keyLife.isZero()) {
      throw new IllegalArgumentException(
          "purges a second, their burst and the life of a key must be at least 1");
    }
  }

  /** The answer to an owner who wants to purge. */
  sealed interface Taken {
    /** It may, and has so much left. */
    record Granted(double left) implements Taken {}

    /** It may in a while. */
    record Refused(Duration retryAfter) implements Taken {}
  }

  /** Before the first purge of an owner. */
  double full() {
    return burst;
  }

  /**
   * Takes one purge from what an owner had.
   *
   * @param had what was left then
   * @param since how long ago; counts as no time where it is negative, as after a clock was set
   */
  Taken take(double had, Duration since) {
    double seconds = Math.max(0, since.toNanos() / NANOS);
    double has = Math.min(burst, had + seconds * perSecond);
    if (has >= 1) {
      return new Taken.Granted(has - 1);
    }
    return new Taken.Refused(Duration.ofNanos((long) Math.ceil((1 - has) / perSecond * NANOS)));
  }
}
