package dev.perigee.edge.store;

import java.util.Arrays;

/**
 * What each site holds of a shard, small bodies and large ones together, and how much it may. In
 * units of small blocks. Guarded by its shard's lock.
 */
final class SiteRoom {
  private long[] used = new long[0];
  private long[] shares = new long[0];
  private long[] caps = new long[0];

  /** Sites above it share one number. */
  static int number(int site) {
    return Math.min(site, Character.MAX_VALUE);
  }

  /**
   * A site's part of the room.
   *
   * @param shareUnits up to which nothing of it goes for other sites
   * @param capUnits past which its own go first
   */
  void limits(int site, long shareUnits, long capUnits) {
    grow(site);
    shares[number(site)] = shareUnits;
    caps[number(site)] = capUnits;
  }

  void take(int site, int units) {
    grow(site);
    used[number(site)] += units;
  }

  void give(int site, int units) {
    used[number(site)] -= units;
  }

  /** Whether what a site holds is its share: nothing of it goes for others. */
  boolean isShare(int site) {
    int number = number(site);
    return number < used.length && used[number] <= shares[number];
  }

  boolean isOverCap(int site) {
    int number = number(site);
    return number < used.length && used[number] > caps[number];
  }

  /** Units that all objects of a site take. */
  long used(int site) {
    int number = number(site);
    return number < used.length ? used[number] : 0;
  }

  private void grow(int site) {
    int before = used.length;
    if (number(site) < before) {
      return;
    }
    int length = Math.max(number(site) + 1, before + before / 2);
    used = Arrays.copyOf(used, length);
    shares = Arrays.copyOf(shares, length);
    caps = Arrays.copyOf(caps, length);
    Arrays.fill(caps, before, length, Long.MAX_VALUE);
  }
}
