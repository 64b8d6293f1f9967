package dev.perigee.edge.origin.pool;

/**
 * Of two drawn by weight the one that answers sooner: latency, as a moving average that follows
 * slower answers at once and faster ones by and by, times the requests under way (the peak EWMA of
 * Finagle).
 */
final class PeakLatency implements Balancer {
  /** Of a server that has not answered yet and has something to do. */
  private static final double UNKNOWN_MICROS = 1_000_000;

  private final Servers servers;
  private final Draws draws;

  PeakLatency(Servers servers, Draws draws) {
    this.servers = servers;
    this.draws = draws;
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
    ServerState state = servers.state(i);
    double micros = state.latencyMicros(nowMillis);
    int active = state.active();
    double known = micros == 0 && active > 0 ? UNKNOWN_MICROS : micros;
    return known * (active + 1) / servers.weight(i, nowMillis);
  }
}
