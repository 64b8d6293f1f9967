package dev.perigee.edge.origin.pool;

/**
 * Chooses one server of several. Servers are bits of a mask, in the order of the pool; 64 at most.
 */
sealed interface Balancer permits RoundRobin, TwoChoices, BoundedHash {
  /**
   * The number of the chosen server.
   *
   * @param candidates at least one
   * @param hash of the request; looked at where {@link #needsHash}
   */
  int choose(long candidates, long hash, long nowMillis);

  /** Whether it looks at the hash. */
  default boolean needsHash() {
    return false;
  }

  /** Servers with their weights, as balancers look at them. */
  final class Servers {
    private final ServerState[] states;
    private final int[] weights;
    private final long slowStartMillis;

    Servers(ServerState[] states, int[] weights, long slowStartMillis) {
      this.states = states.clone();
      this.weights = weights.clone();
      this.slowStartMillis = slowStartMillis;
    }

    ServerState state(int i) {
      return states[i];
    }

    /** Its weight, or less while it comes back. */
    double weight(int i, long nowMillis) {
      return weights[i] * states[i].share(nowMillis, slowStartMillis);
    }

    /** One of the candidates by weight. */
    int draw(long candidates, long nowMillis, Draws draws) {
      double sum = 0;
      for (long rest = candidates; rest != 0; rest &= rest - 1) {
        sum += weight(Long.numberOfTrailingZeros(rest), nowMillis);
      }
      double at = draws.below(sum);
      int last = -1;
      for (long rest = candidates; rest != 0; rest &= rest - 1) {
        last = Long.numberOfTrailingZeros(rest);
        at -= weight(last, nowMillis);
        if (at < 0) {
          return last;
        }
      }
      return last;
    }
  }
}
