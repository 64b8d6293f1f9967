package dev.perigee.edge.listener;

import java.util.concurrent.TimeUnit;

/**
 * The time that a peer has left: it runs while the peer is waited for, and each byte that moves
 * gives some back, up to a bound. Who keeps the least pace has always some left; who stalls, or
 * trickles, runs out of it.
 */
final class PaceBudget {
  private static final double NANOS = 1e9;

  private final DoorLimits.Pace pace;
  private long left;
  private long since;
  private boolean isWaiting;

  PaceBudget(DoorLimits.Pace pace) {
    this.pace = pace;
    this.left = pace.grace().toNanos();
  }

  /** From now on it is the peer's turn. */
  void waits(long nowNanos) {
    if (!isWaiting) {
      isWaiting = true;
      since = nowNanos;
    }
  }

  /** It is not the peer that is waited for. */
  void rests(long nowNanos) {
    if (isWaiting) {
      left -= nowNanos - since;
      isWaiting = false;
    }
  }

  /** Bytes went, or came. */
  void moved(long bytes, long nowNanos) {
    if (isWaiting) {
      left -= nowNanos - since;
      since = nowNanos;
    }
    long earned = (long) (bytes * NANOS / pace.bytesPerSecond());
    left = Math.min(left + earned, pace.most().toNanos());
  }

  boolean isWaiting() {
    return isWaiting;
  }

  /** Until the peer is too slow if nothing moves; 0 where it is. */
  long leftMillis(long nowNanos) {
    long now = isWaiting ? left - (nowNanos - since) : left;
    return now <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(now) + 1;
  }
}
