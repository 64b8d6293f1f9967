package dev.perigee.edge.config;

import java.nio.file.Path;
import java.util.List;

/**
 * Settings of the sync stream.
 *
 * @param node the node's name, as in its certificate
 * @param build version of the software
 * @param control where the control plane may be; at least one
 * @param planesFile keeps where control planes say that they all are
 */
public record SyncConfig(String node, String build, List<ControlAddress> control, Path planesFile) {
  /** Copies the collection. */
  public SyncConfig {
    control = List.copyOf(control);
    if (control.isEmpty()) {
      throw new IllegalArgumentException("no control address");
    }
  }
}
