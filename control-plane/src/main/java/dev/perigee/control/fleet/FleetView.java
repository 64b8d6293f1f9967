package dev.perigee.control.fleet;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.OriginHealth;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is known of the fleet now. Reads do not block, except where they say so. */
public interface FleetView {
  /** State of one node; a node that never connected is simply not connected. */
  NodeState state(String node);

  /**
   * How each node sees the origins of a site, by the node's name; only nodes that are connected.
   * Asks other control planes for their nodes, and waits a second for their answers.
   */
  Map<String, OriginHealth> origins(String site);

  /**
   * The names of those that count as serving now, of all nodes that there are. Remembers what it
   * said: to be asked by one alone.
   */
  Set<String> serving(Map<String, NodeState> nodes);

  /** What the control planes make of a node by their probes. */
  Probed probed(String node);

  /**
   * Called after any node's state changed: connected, lost, healthy, reached, draining. Must not
   * block.
   */
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

    /** A node that nobody has heard of. */
    static NodeState unknown(String node) {
      return new NodeState(
          node,
          false,
          false,
          "never connected",
          "",
          0,
          0,
          0,
          0,
          0,
          Optional.empty(),
          List.of(),
          List.of());
    }

    NodeState withConnected(boolean now) {
      return new NodeState(
          node,
          now,
          healthy,
          healthDetail,
          build,
          revision,
          purge,
          load,
          requestsPerSecond,
          openConnections,
          lastSeen,
          refusals,
          geo);
    }

    /** The same, as if it had just been heard. */
    NodeState withLastSeen(Instant now) {
      return new NodeState(
          node,
          connected,
          healthy,
          healthDetail,
          build,
          revision,
          purge,
          load,
          requestsPerSecond,
          openConnections,
          Optional.of(now),
          refusals,
          geo);
    }

    NodeState withPurge(long through) {
      return through == purge
          ? this
          : new NodeState(
              node,
              connected,
              healthy,
              healthDetail,
              build,
              revision,
              through,
              load,
              requestsPerSecond,
              openConnections,
              lastSeen,
              refusals,
              geo);
    }

    NodeState withAck(FromEdge.Ack ack) {
      return new NodeState(
          node,
          connected,
          healthy,
          healthDetail,
          build,
          ack.revision(),
          purge,
          load,
          requestsPerSecond,
          openConnections,
          lastSeen,
          ack.refusals(),
          geo);
    }

    /** What the node says again and again; it does not forget a purge that it has applied. */
    NodeState withHeartbeat(FromEdge.Heartbeat beat, Instant now) {
      return new NodeState(
          node,
          true,
          beat.healthy(),
          beat.healthDetail(),
          build,
          beat.revision(),
          Math.max(purge, beat.purge()),
          beat.load(),
          beat.requestsPerSecond(),
          beat.openConnections(),
          Optional.of(now),
          refusals,
          beat.geo());
    }

    /** Connected and healthy by its own word: may be steered to. */
    public boolean isServing() {
      return connected && healthy;
    }
  }
}
