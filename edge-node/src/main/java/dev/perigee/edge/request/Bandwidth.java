package dev.perigee.edge.request;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How much may go to readers in a second, to those of one site or of one address: each part of a
 * response takes its place in one row, which goes at that rate, and is told when its turn is. So
 * readers have turns in the order in which they ask, whatever thread they are on, and nobody waits
 * who holds a thread.
 *
 * <p>As a token bucket it holds what comes in {@link #BURST_NANOS}.
 */
public final class Bandwidth {
  /** May go at once after a rest. */
  public static final long BURST_NANOS = 250_000_000;

  private static final double NANOS = 1e9;

  private final long bytesPerSecond;
  private final double nanosEach;
  private final LongSupplier nanos;

  /** When the row is empty again. */
  private final AtomicLong free;

  /**
   * @param bytesPerSecond more than 0
   * @param nanos a clock that never jumps
   */
  public Bandwidth(long bytesPerSecond, LongSupplier nanos) {
    this.bytesPerSecond = bytesPerSecond;
    this.nanosEach = NANOS / bytesPerSecond;
    this.nanos = nanos;
    this.free = new AtomicLong(nanos.getAsLong());
  }

  /** Takes a place for so many bytes: the nanoseconds until they may go; 0 at once. */
  public long take(long bytes) {
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

  public long bytesPerSecond() {
    return bytesPerSecond;
  }

  /** Nanoseconds until it is as good as a new one if nothing more is taken; 0 where it is. */
  public long untilIdle() {
    return Math.max(0, free.get() - nanos.getAsLong());
  }

  /** Whether it is as good as a new one. */
  public boolean isIdle() {
    return untilIdle() == 0;
  }
}
