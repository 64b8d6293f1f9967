package dev.perigee.edge.config;

import java.util.List;

/**
 * Settings of the sync stream.
 *
 * @param node the node's name, as in its certificate
 * @param build version of the software
 * @param control where the control plane may be, tried in turn; at least one
 */
public record SyncConfig(String node, String build, List<ControlAddress> control) {
  /** Copies the collection. */
  public SyncConfig {
    control = List.copyOf(control);
    if (control.isEmpty()) {
      throw new IllegalArgumentException("no control address");
    }
  }
}
