package dev.perigee.edge.policy;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long things took, in classes of which four make a doubling, from 64 microseconds to days. Any
 * thread adds; one takes.
 */
final class TimeSketch {
  /** Times are told apart from two to this number of nanoseconds on. */
  private static final int FINEST_BITS = 16;

  private static final int EACH_DOUBLING = 4;
  private static final int CLASSES = EACH_DOUBLING * (Long.SIZE - FINEST_BITS);
  private static final double PART = 0.1;

  private final AtomicIntegerArray counts = new AtomicIntegerArray(CLASSES);

  void add(long nanos) {
    counts.incrementAndGet(classOf(nanos));
  }

  private static int classOf(long nanos) {
    long units = Math.max(1L << FINEST_BITS, nanos);
    int doubling = Long.SIZE - 1 - Long.numberOfLeadingZeros(units);
    int quarter = (int) (units >>> (doubling - 2)) & (EACH_DOUBLING - 1);
    return EACH_DOUBLING * (doubling - FINEST_BITS) + quarter;
  }

  /** The middle of a class. */
  private static double nanosOf(int index) {
    double doubling = Math.scalb(1.0, index / EACH_DOUBLING + FINEST_BITS);
    return doubling * (1 + (index % EACH_DOUBLING + 0.5) / EACH_DOUBLING);
  }

  /**
   * What was added since it was taken last.
   *
   * @param count of times
   * @param fastNanos that a tenth of them is no longer than; 0 of none
   */
  record Taken(long count, double fastNanos) {}

  Taken take() {
    int[] taken = new int[CLASSES];
    long count = 0;
    for (int i = 0; i < CLASSES; i++) {
      taken[i] = counts.get(i) == 0 ? 0 : counts.getAndSet(i, 0);
      count += taken[i];
    }
    long left = (long) Math.ceil(count * PART);
    for (int i = 0; i < CLASSES && count > 0; i++) {
      left -= taken[i];
      if (left <= 0) {
        return new Taken(count, nanosOf(i));
      }
    }
    return new Taken(0, 0);
  }

  boolean isEmpty() {
    for (int i = 0; i < CLASSES; i++) {
      if (counts.get(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
