package dev.perigee.control.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A histogram of milliseconds: exact below 64, then 32 steps for every doubling, so that a value is
 * off by 3 per cent at most. Everything above 17 minutes is in the last step. Not thread-safe.
 */
final class AckTimes {
  private static final int EXACT = 64;
  private static final int STEPS = 32;
  private static final int STEP_BITS = 5;
  private static final long MOST = (1L << 20) - 1;

  private int[] counts = new int[EXACT];
  private long slowest;
  private long total;

  void add(long millis) {
    long value = Math.clamp(millis, 0, MOST);
    add(place(value), 1);
    slowest = Math.max(slowest, Math.max(0, millis));
  }

  /** Adds what another one counted: a row of purge, slowest, places and counts. */
  AckTimes merge(ResultSet row) throws SQLException {
    Integer[] places = (Integer[]) row.getArray(3).getArray();
    Integer[] more = (Integer[]) row.getArray(4).getArray();
    for (int i = 0; i < Math.min(places.length, more.length); i++) {
      add(Math.clamp(places[i], 0, place(MOST)), more[i]);
    }
    slowest = Math.max(slowest, row.getLong(2));
    return this;
  }

  private void add(int place, int count) {
    if (place >= counts.length) {
      counts = Arrays.copyOf(counts, Math.max(place + 1, counts.length * 2));
    }
    counts[place] += count;
    total += count;
  }

  long total() {
    return total;
  }

  long slowest() {
    return slowest;
  }

  /** The places that hold anything, ascending. */
  int[] places() {
    return IntStream.range(0, counts.length).filter(i -> counts[i] > 0).toArray();
  }

  /** How many each of {@link #places} holds. */
  int[] counts() {
    return Arrays.stream(counts).filter(count -> count > 0).toArray();
  }

  /**
   * The time within which this share of all was done: of the nearest rank, its step's upper end.
   *
   * @param share above 0 to 1
   */
  long within(double share) {
    long rank = Math.max(1, (long) Math.ceil(share * total));
    long seen = 0;
    for (int place = 0; place < counts.length; place++) {
      seen += counts[place];
      if (seen >= rank) {
        return Math.min(slowest, highest(place));
      }
    }
    return slowest;
  }

  private static int place(long value) {
    if (value < EXACT) {
      return (int) value;
    }
    int shift = 63 - Long.numberOfLeadingZeros(value) - STEP_BITS;
    return EXACT + (shift - 1) * STEPS + (int) (value >> shift) - STEPS;
  }

  private static long highest(int place) {
    if (place < EXACT) {
      return place;
    }
    int shift = (place - EXACT) / STEPS + 1;
    int step = (place - EXACT) % STEPS + STEPS;
    return ((step + 1L) << shift) - 1;
  }
}
