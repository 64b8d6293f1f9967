package dev.perigee.edge.origin.pool;

/**
 * Of two drawn by weight the one that costs less (Mitzenmacher, The Power of Two Choices, 2001):
 * nearly as even as looking at all, and nobody runs after the one server that looks best.
 */
final class TwoChoices implements Balancer {
  /** Of a server that has not answered yet and has something to do. */
  private static final double UNKNOWN_MICROS = 1_000_000;

  private final Servers servers;
  private final Draws draws;
  private final Cost cost;

  private TwoChoices(Servers servers, Draws draws, Cost cost) {
    this.servers = servers;
    this.draws = draws;
    this.cost = cost;
  }

  /** What one more request costs a server of weight 1. */
  private interface Cost {
    double of(ServerState state, long nowMillis);
  }

  /** By the requests under way. */
  static TwoChoices leastRequests(Servers servers, Draws draws) {
    return new TwoChoices(servers, draws, (state, nowMillis) -> state.active() + 1);
  }

  /**
   * By latency, as a moving average that follows slower answers at once and faster ones by and by,
   * times the requests under way (the peak EWMA of Finagle).
   */
  static TwoChoices peakLatency(Servers servers, Draws draws) {
    return new TwoChoices(servers, draws, TwoChoices::latency);
  }

  private static double latency(ServerState state, long nowMillis) {
    double micros = state.latencyMicros(nowMillis);
    int active = state.active();
    double known = micros == 0 && active > 0 ? UNKNOWN_MICROS : micros;
    return known * (active + 1);
  }

  @Override
  public int choose(long candidates, long hash, long nowMillis) {
    int one = servers.draw(candidates, nowMillis, draws);
    long others = candidates & ~(1L << one);
    if (others == 0) {
      return one;
    }
    int two = servers.draw(others, nowMillis, draws);
    return cost(two, nowMillis) < cost(one, nowMillis) ? two : one;
  }

  private double cost(int i, long nowMillis) {
    return cost.of(servers.state(i), nowMillis) / servers.weight(i, nowMillis);
  }
}
