package dev.perigee.edge.origin.pool;

/**
 * The same server for the same hash, as long as it has no more than a quarter above its share of
 * what is under way (Mirrokni, Thorup, Zadimoghaddam, Consistent Hashing with Bounded Loads, 2016).
 * Each server has a score for each hash and the highest wins (rendezvous hashing: Thaler and
 * Ravishankar, 1998; with weights as Schindelhauer and Schomaker, 2005), so that a server that goes
 * moves only what was its own, and one that comes takes only what becomes its own.
 */
final class BoundedHash implements Balancer {
  private static final double BOUND = 1.25;

  private final Servers servers;

  BoundedHash(Servers servers) {
    this.servers = servers;
  }

  @Override
  public boolean needsHash() {
    return true;
  }

  @Override
  public int choose(long candidates, long hash, long nowMillis) {
    double weights = 0;
    long active = 1;
    for (long rest = candidates; rest != 0; rest &= rest - 1) {
      int i = Long.numberOfTrailingZeros(rest);
      weights += servers.weight(i, nowMillis);
      active += servers.state(i).active();
    }
    int best = -1;
    int first = -1;
    double bestScore = -1;
    double firstScore = -1;
    for (long rest = candidates; rest != 0; rest &= rest - 1) {
      int i = Long.numberOfTrailingZeros(rest);
      double weight = servers.weight(i, nowMillis);
      double score = score(i, hash, weight);
      if (score > firstScore) {
        first = i;
        firstScore = score;
      }
      double most = Math.ceil(BOUND * active * weight / weights);
      if (score > bestScore && servers.state(i).active() + 1 <= most) {
        best = i;
        bestScore = score;
      }
    }
    return best < 0 ? first : best;
  }

  private double score(int i, long hash, double weight) {
    long bits = Hashing.mix(hash ^ servers.state(i).seed()) >>> 11;
    return weight / -Math.log((bits + 0.5) * 0x1.0p-53);
  }
}
