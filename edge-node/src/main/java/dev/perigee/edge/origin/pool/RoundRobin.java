package dev.perigee.edge.origin.pool;

import java.util.concurrent.atomic.AtomicLong;

/**
 * In turn by weight, evenly mixed: each server has the time of its next turn, a turn moves it by
 * one over its weight, and the earliest is next. One that comes back has not saved up turns.
 */
final class RoundRobin implements Balancer {
  private static final double TURN = 1 << 16;

  private final Servers servers;
  private final AtomicLong time;

  /**
   * @param time of the turn before; of the pool, as it outlives this table
   */
  RoundRobin(Servers servers, AtomicLong time) {
    this.servers = servers;
    this.time = time;
  }

  @Override
  public int choose(long candidates, long hash, long nowMillis) {
    while (true) {
      long now = time.get();
      int best = -1;
      long bestTurn = Long.MAX_VALUE;
      long seen = 0;
      for (long rest = candidates; rest != 0; rest &= rest - 1) {
        int i = Long.numberOfTrailingZeros(rest);
        long turn = turn(i, now, nowMillis);
        long due = Math.max(turn, now);
        if (due < bestTurn) {
          best = i;
          bestTurn = due;
          seen = turn;
        }
      }
      long next = bestTurn + step(best, nowMillis);
      if (servers.state(best).turn().compareAndSet(seen, next)) {
        time.accumulateAndGet(bestTurn, Math::max);
        return best;
      }
    }
  }

  /** Its next turn; the first of all is in the middle of a step, so that few come together. */
  private long turn(int i, long now, long nowMillis) {
    AtomicLong turn = servers.state(i).turn();
    if (turn.get() == ServerState.NO_TURN) {
      turn.compareAndSet(ServerState.NO_TURN, now + step(i, nowMillis) / 2);
    }
    return turn.get();
  }

  private long step(int i, long nowMillis) {
    return (long) (TURN / servers.weight(i, nowMillis));
  }
}
