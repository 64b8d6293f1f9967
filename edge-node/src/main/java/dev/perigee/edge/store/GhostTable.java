package dev.perigee.edge.store;

/**
 * Fingerprints of objects that were evicted lately: who comes back soon was evicted too early. Four
 * places for each hash; a place holds 11 bits of fingerprint and 5 of time, so that nothing has to
 * be removed. Guarded by its shard's lock.
 */
final class GhostTable {
  private static final int WAYS = 4;
  private static final int LEAST = 1024;
  private static final int TIME_BITS = 5;

  /** Times that can be told apart: 1 and up, for an empty place is 0. */
  private static final int TIMES = (1 << TIME_BITS) - 1;

  /** What is older counts as none, long before its time comes round again. */
  private static final int OLDEST = 16;

  /** Who was evicted at most so many times ago was evicted too early. */
  private static final int LATELY = OLDEST / 4;

  private char[] places = new char[LEAST];
  private int time = 1;
  private int added;
  private int remembered = LEAST;

  /** When somebody was evicted. */
  enum Evicted {
    /** Among the last quarter of all who are remembered. */
    LATELY,
    /** Before them. */
    BEFORE,
    /** Never, as far as is known. */
    UNKNOWN
  }

  /** Remembers about as many as this from now on. */
  void remember(int objects) {
    remembered = Math.max(LEAST, objects);
    int wanted = Integer.highestOneBit(remembered);
    if (places.length < wanted) {
      places = new char[wanted];
    }
  }

  void add(int fingerprint) {
    if (++added > remembered / OLDEST) {
      added = 0;
      advance();
    }
    int first = bucket(fingerprint);
    int oldest = first;
    for (int at = first; at < first + WAYS; at++) {
      if (age(places[at]) > age(places[oldest])) {
        oldest = at;
      }
    }
    places[oldest] = (char) (mark(fingerprint) | time);
  }

  /** What would seem young again is cleared in time. */
  private void advance() {
    time = time % TIMES + 1;
    if (time % (OLDEST / 2) == 1) {
      for (int at = 0; at < places.length; at++) {
        if (age(places[at]) >= OLDEST) {
          places[at] = 0;
        }
      }
    }
  }

  private int age(char place) {
    return place == 0 ? TIMES : Math.floorMod(time - (place & TIMES), TIMES);
  }

  Evicted evicted(int fingerprint) {
    int first = bucket(fingerprint);
    for (int at = first; at < first + WAYS; at++) {
      int age = age(places[at]);
      if ((places[at] & ~TIMES) == mark(fingerprint) && age < OLDEST) {
        return age < LATELY ? Evicted.LATELY : Evicted.BEFORE;
      }
    }
    return Evicted.UNKNOWN;
  }

  /** The upper bits, in their place. */
  private static int mark(int fingerprint) {
    return fingerprint >>> Character.SIZE & ~TIMES;
  }

  private int bucket(int fingerprint) {
    int spread = fingerprint * 0x9e3779b1;
    return ((spread >>> 5) & (places.length / WAYS - 1)) * WAYS;
  }

  long heapBytes() {
    return 2L * places.length;
  }
}
