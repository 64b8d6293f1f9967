package dev.perigee.edge.store;

/**
 * Fingerprints of objects that were evicted lately: who comes back soon was evicted too early. Four
 * places for each hash; a place holds 24 bits of fingerprint and 8 of time, so that nothing has to
 * be removed. Guarded by its shard's lock.
 */
final class GhostTable {
  private static final int WAYS = 4;
  private static final int LEAST = 1024;

  /** Times that can be told apart; what is older than half of them counts as none. */
  private static final int TIMES = 256;

  private int[] places = new int[LEAST];
  private int time = 1;
  private int added;
  private int remembered = LEAST;

  /** Remembers about as many as this from now on. */
  void remember(int objects) {
    remembered = Math.max(LEAST, objects);
    int wanted = Integer.highestOneBit(remembered);
    if (places.length < wanted) {
      places = new int[wanted];
    }
  }

  void add(int fingerprint) {
    if (++added > remembered / (TIMES / 2)) {
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
    places[oldest] = (fingerprint & ~(TIMES - 1)) | time;
  }

  /** Zero stands for an empty place; and what would seem young again is cleared in time. */
  private void advance() {
    time = (time + 1) % TIMES;
    if (time == 0) {
      time = 1;
    }
    if (time % (TIMES / 4) == 1) {
      for (int at = 0; at < places.length; at++) {
        if (age(places[at]) >= TIMES / 2) {
          places[at] = 0;
        }
      }
    }
  }

  private int age(int place) {
    return place == 0 ? TIMES : (time - place) & (TIMES - 1);
  }

  boolean contains(int fingerprint) {
    int first = bucket(fingerprint);
    for (int at = first; at < first + WAYS; at++) {
      boolean same = ((places[at] ^ fingerprint) & ~(TIMES - 1)) == 0;
      if (same && age(places[at]) < TIMES / 2) {
        return true;
      }
    }
    return false;
  }

  private int bucket(int fingerprint) {
    int spread = fingerprint * 0x9e3779b1;
    return ((spread >>> 5) & (places.length / WAYS - 1)) * WAYS;
  }

  long heapBytes() {
    return 4L * places.length;
  }
}
