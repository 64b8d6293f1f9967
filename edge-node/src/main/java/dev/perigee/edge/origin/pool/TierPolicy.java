package dev.perigee.edge.origin.pool;

/** Decides which tier of a pool is asked. Servers are bits of a mask. */
final class TierPolicy {
  private static final int PER_CENT = 100;

  private TierPolicy() {}

  /**
   * The servers that may be asked: the well ones of the first tier that has enough of them. Where
   * none has, illness does not count: all of the tier with the largest share of well ones.
   *
   * @param tiers servers of each tier, the first asked first
   * @param well servers that are well
   * @param panicPercent of a tier that must be well; at least one must in any case
   */
  static long eligible(long[] tiers, long well, int panicPercent) {
    long best = tiers[0];
    double bestShare = -1;
    for (long tier : tiers) {
      int all = Long.bitCount(tier);
      int good = Long.bitCount(tier & well);
      if (good > 0 && good * PER_CENT >= panicPercent * all) {
        return tier & well;
      }
      double share = (double) good / all;
      if (share > bestShare) {
        best = tier;
        bestShare = share;
      }
    }
    return best;
  }
}
