package dev.perigee.edge.config;

import dev.perigee.contract.OriginHealth;
import java.util.List;

/**
 * How busy and well the node is, as heartbeats tell it.
 *
 * @param load 0 idle to 1 full
 * @param detail why it is not healthy; empty when it is
 * @param origins how the origins of some sites are doing
 */
public record NodeLoad(
    double requestsPerSecond,
    long openConnections,
    double load,
    boolean healthy,
    String detail,
    List<OriginHealth> origins) {
  /** Copies the list. */
  public NodeLoad {
    origins = List.copyOf(origins);
  }
}
