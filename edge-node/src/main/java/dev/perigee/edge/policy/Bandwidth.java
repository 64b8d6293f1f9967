package dev.perigee.edge.policy;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How much one site may send to its readers in a second: each part of a response takes its place in
 * one row, which goes at that rate, and is told when its turn is. So readers have turns in the
 * order in which they ask, whatever thread they are on, and nobody waits who holds a thread.
 *
 * <p>As a token bucket it holds what comes in {@link #BURST_NANOS}.
 */
final class Bandwidth {
  /** May go at once after a rest. */
  static final long BURST_NANOS = 250_000_000;

  private static final double NANOS = 1e9;

  private final double nanosEach;
  private final LongSupplier nanos;

  /** When the row is empty again. */
  private final AtomicLong free;

  /**
   * @param bytesPerSecond more than 0
   * @param nanos a clock that never jumps
   */
  Bandwidth(long bytesPerSecond, LongSupplier nanos) {
    this.nanosEach = NANOS / bytesPerSecond;
    this.nanos = nanos;
    this.free = new AtomicLong(nanos.getAsLong());
  }

  /** Takes a place for so many bytes: the nanoseconds until they may go; 0 at once. */
  long take(long bytes) {
    long now = nanos.getAsLong();
    long length = (long) (bytes * nanosEach);
    while (true) {
      long before = free.get();
      long begin = before - now < 0 ? now : before;
      if (free.compareAndSet(before, begin + length)) {
        return Math.max(0, begin - now - BURST_NANOS);
      }
    }
  }

  /** Whether it is as good as a new one. */
  boolean isIdle() {
    return free.get() - nanos.getAsLong() <= 0;
  }
}
