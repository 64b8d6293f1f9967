package dev.perigee.control.fleet;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.OriginHealth;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is known of the fleet now. Reads never block. */
public interface FleetView {
  /** State of one node; a node that never connected is simply not connected. */
  NodeState state(String node);

  /** How far a purge has come over the nodes that are provisioned now. */
  PurgeReceipt receipt(long purgeNumber);

  /** Waits until every provisioned node applied the purge or the time is over. */
  PurgeReceipt await(long purgeNumber, Duration timeout) throws InterruptedException;

  /**
   * How each node sees the origins of a site, by the node's name; only nodes that are connected.
   */
  Map<String, OriginHealth> origins(String site);

  /** Called after any node's state changed: connected, lost, healthy, draining. Must not block. */
  void onChange(Runnable listener);

  /**
   * One node as seen from here.
   *
   * @param connected whether its stream is up and its last heartbeat is younger than 3 s
   * @param refusals sites and certificates it did not take
   * @param load 0 idle to 1 full
   * @param geo the GeoIP databases that serve on it
   */
  record NodeState(
      String node,
      boolean connected,
      boolean healthy,
      String healthDetail,
      String build,
      long revision,
      long purge,
      double load,
      double requestsPerSecond,
      long openConnections,
      Optional<Instant> lastSeen,
      List<FromEdge.Refusal> refusals,
      List<GeoHolding> geo) {
    public NodeState {
      refusals = List.copyOf(refusals);
      geo = List.copyOf(geo);
    }

    /** Connected and healthy by its own word: may be steered to. */
    public boolean isServing() {
      return connected && healthy;
    }
  }

  /**
   * How far a purge has come.
   *
   * @param applied names of nodes that acknowledged it
   * @param late names of nodes that have not, connected or not
   * @param slowestMillis from commit to the last acknowledgement so far; empty before the first
   */
  record PurgeReceipt(
      long purgeNumber, List<String> applied, List<String> late, Optional<Long> slowestMillis) {
    public PurgeReceipt {
      applied = List.copyOf(applied);
      late = List.copyOf(late);
    }

    public boolean isComplete() {
      return late.isEmpty();
    }
  }
}
