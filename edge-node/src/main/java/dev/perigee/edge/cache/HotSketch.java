package dev.perigee.edge.cache;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How often keys were asked for of late, in little memory: a count-min sketch (Cormode and
 * Muthukrishnan, 2005) of {@value #ROWS} rows, whose counts are halved once in a window, so that
 * what was hot cools down. It may count too many, for keys that fall together, and hardly ever too
 * few. Any thread.
 */
public final class HotSketch {
  /** Requests in the window from which on a key is hot: the third stores it. */
  public static final int HOT = 3;

  /** How long until half is forgotten. */
  public static final long WINDOW_MILLIS = 60_000;

  private static final int ROWS = 4;
  private static final int COLUMN_BITS = 16;
  private static final int COLUMNS = 1 << COLUMN_BITS;
  private static final int MAX_COUNT = 1 << 20;

  private final AtomicIntegerArray counts = new AtomicIntegerArray(ROWS * COLUMNS);
  private final AtomicLong halvedMillis = new AtomicLong(Long.MIN_VALUE);

  /**
   * Counts a request.
   *
   * @param hash of the key, 64 well mixed bits
   */
  public void count(long hash, long nowMillis) {
    age(nowMillis);
    for (int row = 0; row < ROWS; row++) {
      int at = index(hash, row);
      if (counts.get(at) < MAX_COUNT) {
        counts.incrementAndGet(at);
      }
    }
  }

  /** Whether a key is asked for so often that every node of a region should have it. */
  public boolean isHot(long hash) {
    return estimate(hash) >= HOT;
  }

  int estimate(long hash) {
    int least = Integer.MAX_VALUE;
    for (int row = 0; row < ROWS; row++) {
      least = Math.min(least, counts.get(index(hash, row)));
    }
    return least;
  }

  private static int index(long hash, int row) {
    return row * COLUMNS + (int) ((hash >>> (row * COLUMN_BITS)) & (COLUMNS - 1));
  }

  private void age(long nowMillis) {
    long before = halvedMillis.get();
    if (before == Long.MIN_VALUE) {
      halvedMillis.compareAndSet(before, nowMillis);
      return;
    }
    if (nowMillis - before < WINDOW_MILLIS || !halvedMillis.compareAndSet(before, nowMillis)) {
      return;
    }
    for (int at = 0; at < counts.length(); at++) {
      counts.updateAndGet(at, count -> count / 2);
    }
  }
}
