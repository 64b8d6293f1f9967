package dev.perigee.edge.config;

import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.SiteTraffic;
import java.util.List;

/**
 * How busy and well the node is, as heartbeats tell it.
 *
 * @param load 0 idle to 1 full
 * @param detail why it is not healthy; empty when it is
 * @param origins how the origins of some sites are doing
 * @param traffic what readers were answered since the last heartbeat
 */
public record NodeLoad(
    double requestsPerSecond,
    long openConnections,
    double load,
    boolean healthy,
    String detail,
    List<OriginHealth> origins,
    List<SiteTraffic> traffic) {
  /** Copies the lists. */
  public NodeLoad {
    origins = List.copyOf(origins);
    traffic = List.copyOf(traffic);
  }
}
