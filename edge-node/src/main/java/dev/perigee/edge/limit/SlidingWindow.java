package dev.perigee.edge.limit;

/**
 * The count of a sliding window as one number: which window it is, what it has let in, and what the
 * one before had. Of the one before, the part counts that the last {@code window} nanoseconds still
 * reach into, as if it had come evenly.
 */
final class SlidingWindow {
  private static final int COUNT_BITS = 20;
  private static final int INDEX_SHIFT = 2 * COUNT_BITS;
  private static final long COUNT = (1L << COUNT_BITS) - 1;
  private static final long INDEX = (1L << 23) - 1;

  private SlidingWindow() {}

  /** The state in which nothing was let in. */
  static long empty(long now, long window) {
    return state(index(now, window), 0, 0);
  }

  /** The state with one more let in; where that is one too many, the complement of the state. */
  static long take(long state, long now, long window, long most) {
    long rolled = rolled(state, now, window);
    return used(rolled, now, window) + 1 > most ? ~rolled : rolled + 1;
  }

  /** How many more may be let in now. */
  static long left(long state, long now, long window, long most) {
    return Math.max(0, (long) (most - used(rolled(state, now, window), now, window)));
  }

  /** Nanoseconds until one may be let in; 0 where it may now. */
  static long wait(long state, long now, long window, long most) {
    long rolled = rolled(state, now, window);
    double before = before(rolled);
    double current = rolled & COUNT;
    long gone = now % window;
    if (used(rolled, now, window) + 1 <= most) {
      return 0;
    }
    if (current + 1 <= most) {
      // Within this window the part of the one before becomes small enough.
      double part = (most - 1 - current) / before;
      return Math.max(1, (long) Math.ceil(window * (1 - part)) - gone);
    }
    double part = (most - 1) / current;
    return window - gone + (long) Math.ceil(window * (1 - part));
  }

  /** Nanoseconds until the window ends. */
  static long untilNext(long now, long window) {
    return window - now % window;
  }

  private static double used(long rolled, long now, long window) {
    double part = (double) (window - now % window) / window;
    return before(rolled) * part + (rolled & COUNT);
  }

  private static long rolled(long state, long now, long window) {
    long index = index(now, window);
    long own = state >>> INDEX_SHIFT;
    if (own == index) {
      return state;
    }
    return state(index, own == (index - 1 & INDEX) ? state & COUNT : 0, 0);
  }

  private static long before(long state) {
    return state >>> COUNT_BITS & COUNT;
  }

  private static long index(long now, long window) {
    return now / window & INDEX;
  }

  private static long state(long index, long before, long current) {
    return index << INDEX_SHIFT | before << COUNT_BITS | current;
  }
}
