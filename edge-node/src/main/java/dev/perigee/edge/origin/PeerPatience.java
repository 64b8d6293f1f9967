package dev.perigee.edge.origin;

import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.edge.request.PeerTier;
import java.time.Duration;

/**
 * How long another node may take to answer: as long as it may wait for the origin itself, and then
 * some for each node behind it. So who stands nearer to the origin gives up first and says why, and
 * no node is thought dead for an origin that is slow.
 *
 * @param connect the node's own time-out of a connection to an origin
 * @param response the node's own time-out of an origin's answer
 * @param hop what a node may add: for a purge that it waits for, and to reach the next node
 */
public record PeerPatience(Duration connect, Duration response, Duration hop) {
  /** Until the head of the answer, from a node that is asked as this tier. */
  long millis(OriginPool pool, PeerTier tier) {
    OriginTimeouts times = pool.timeouts();
    long once = 2 * ownOr(times.connectMillis(), connect) + ownOr(times.responseMillis(), response);
    long all = once * (1 + pool.retries().attempts());
    long bounded = times.totalMillis() > 0 ? Math.min(all, times.totalMillis()) : all;
    // The total holds for no request whose body is on its way; such a one is sent once.
    return Math.max(once, bounded) + hops(tier) * hop.toMillis();
  }

  private static int hops(PeerTier tier) {
    return switch (tier) {
      case OWNER -> 2;
      case SHIELD -> 1;
    };
  }

  private static long ownOr(long millis, Duration otherwise) {
    return millis > 0 ? millis : otherwise.toMillis();
  }
}
