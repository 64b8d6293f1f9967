package dev.perigee.edge.respond.coding;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * What was compressed within the last minute, so that it is not done over and over where it is of
 * no use, or where the store does not keep it. A table of fixed size: what shares a place with
 * something newer is forgotten. Any thread.
 */
final class LatelyTried {
  private static final int PLACES = 8192;
  private static final long WHILE = TimeUnit.MINUTES.toNanos(1);

  /** What it was, in the upper half, and the second in which, in the lower one. */
  private final AtomicLongArray places = new AtomicLongArray(PLACES);

  private final LongSupplier nanos;

  LatelyTried(LongSupplier nanos) {
    this.nanos = nanos;
  }

  private int second() {
    return (int) TimeUnit.NANOSECONDS.toSeconds(nanos.getAsLong());
  }

  private static int place(int what) {
    return (what ^ (what >>> 16)) & (PLACES - 1);
  }

  /** Whether it was tried lately. */
  boolean isLate(int what) {
    long held = places.get(place(what));
    return held != 0
        && (int) (held >>> 32) == what
        && second() - (int) held < TimeUnit.NANOSECONDS.toSeconds(WHILE);
  }

  void note(int what) {
    places.set(place(what), ((long) what << 32) | (second() & 0xffffffffL));
  }
}
