package dev.perigee.edge.origin.pool;

/**
 * Of two drawn by weight the one with fewer requests under way for its weight (Mitzenmacher, The
 * Power of Two Choices, 2001): nearly as even as looking at all, and nobody runs after the one
 * server that looks best.
 */
final class LeastRequests implements Balancer {
  private final Servers servers;
  private final Draws draws;

  LeastRequests(Servers servers, Draws draws) {
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
    return (servers.state(i).active() + 1) / servers.weight(i, nowMillis);
  }
}
