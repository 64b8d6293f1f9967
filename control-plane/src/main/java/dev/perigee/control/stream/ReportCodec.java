package dev.perigee.control.stream;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.replica.v1.NodeReach;
import dev.perigee.contract.replica.v1.NodeReport;
import dev.perigee.contract.replica.v1.NodeReports;
import dev.perigee.control.fleet.FleetView.NodeState;
import dev.perigee.control.fleet.Reach;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Two-way codec of what control planes say of nodes: in the words in which the nodes said it, so
 * that it grows with those.
 */
final class ReportCodec {
  private ReportCodec() {}

  static NodeReport encode(
      NodeState state, Optional<FromEdge.Demands> demands, long tokensHeld, Instant now) {
    FromEdge.Heartbeat beat =
        new FromEdge.Heartbeat(
            state.revision(),
            state.purge(),
            state.requestsPerSecond(),
            state.openConnections(),
            state.load(),
            state.healthy(),
            state.healthDetail(),
            state.geo(),
            List.of());
    FromEdge.Ack ack = new FromEdge.Ack("", state.revision(), state.refusals());
    long silent = state.lastSeen().map(seen -> Duration.between(seen, now).toMillis()).orElse(0L);
    NodeReport.Builder out = NodeReport.newBuilder();
    demands.ifPresent(wanted -> out.setDemands(SyncCodec.encode(wanted)));
    if (tokensHeld > 0) {
      out.setTokensHeld(SyncCodec.encode(new FromEdge.TokensHeld(tokensHeld)));
    }
    return out.setNode(state.node())
        .setBuild(state.build())
        .setConnected(state.connected())
        .setHeartbeat(SyncCodec.encode(beat))
        .setAck(SyncCodec.encode(ack))
        .setSilentMillis(Math.max(0, silent))
        .build();
  }

  /**
   * The node as another control plane knows it.
   *
   * @throws IllegalArgumentException when the report is not in the contract's words
   */
  static NodeState decode(NodeReport report, Instant now) {
    if (SyncCodec.decode(report.getHeartbeat()) instanceof FromEdge.Heartbeat beat
        && SyncCodec.decode(report.getAck()) instanceof FromEdge.Ack ack
        && report.getSilentMillis() >= 0) {
      return new NodeState(
          report.getNode(),
          report.getConnected(),
          beat.healthy(),
          beat.healthDetail(),
          report.getBuild(),
          beat.revision(),
          beat.purge(),
          beat.load(),
          beat.requestsPerSecond(),
          beat.openConnections(),
          Optional.of(now.minusMillis(report.getSilentMillis())),
          ack.refusals(),
          beat.geo());
    }
    throw new IllegalArgumentException("a report of a node in other words");
  }

  static NodeReach encode(String node, Reach reach) {
    NodeReach.Reach word =
        switch (reach) {
          case UNKNOWN -> NodeReach.Reach.UNKNOWN;
          case UP, SUSPECT -> NodeReach.Reach.UP;
          case DOWN -> NodeReach.Reach.DOWN;
        };
    return NodeReach.newBuilder().setNode(node).setReach(word).build();
  }

  /** What another control plane's probes came to; a word that it does not know says nothing. */
  static Map<String, Reach> reached(NodeReports reports) {
    Map<String, Reach> reached = new HashMap<>();
    for (NodeReach one : reports.getReachedList()) {
      Reach reach =
          switch (one.getReach()) {
            case UP -> Reach.UP;
            case DOWN -> Reach.DOWN;
            case UNKNOWN, UNRECOGNIZED -> Reach.UNKNOWN;
          };
      reached.put(one.getNode(), reach);
    }
    return reached;
  }

  /** What the node wants of limits that all share; empty where nothing is said of it. */
  static Optional<FromEdge.Demands> demands(NodeReport report) {
    return report.hasDemands()
            && SyncCodec.decode(report.getDemands()) instanceof FromEdge.Demands demands
        ? Optional.of(demands)
        : Optional.empty();
  }

  /** Up to where the node answers the tokens of certificate authorities; 0 where none is said. */
  static long tokensHeld(NodeReport report) {
    return report.hasTokensHeld()
            && SyncCodec.decode(report.getTokensHeld()) instanceof FromEdge.TokensHeld held
        ? held.through()
        : 0;
  }

  static NodeReport encode(String node, OriginHealth origins) {
    FromEdge.Heartbeat beat =
        new FromEdge.Heartbeat(0, 0, 0, 0, 0, true, "", List.of(), List.of(origins));
    return NodeReport.newBuilder().setNode(node).setHeartbeat(SyncCodec.encode(beat)).build();
  }

  static List<OriginHealth> origins(NodeReport report) {
    return SyncCodec.decode(report.getHeartbeat()) instanceof FromEdge.Heartbeat beat
        ? beat.origins()
        : List.of();
  }
}
