package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import java.util.Map;

/**
 * Everything of one revision that the node took: what is in force and what lies on its disk.
 *
 * @param logId which change log the revision counts in; empty for none yet
 * @param sites by id
 * @param certificates by id
 * @param peers the nodes of the network, by name
 */
public record ConfigState(
    String logId,
    long revision,
    String zone,
    Map<String, SiteConfig> sites,
    Map<String, CertificateConfig> certificates,
    Map<String, PeerConfig> peers) {
  /** Copies the maps. */
  public ConfigState {
    sites = Map.copyOf(sites);
    certificates = Map.copyOf(certificates);
    peers = Map.copyOf(peers);
  }

  public static ConfigState empty() {
    return new ConfigState("", 0, "", Map.of(), Map.of(), Map.of());
  }

  /** The revision as far as it counts in this log; 0 in any other. */
  public long revisionIn(String log) {
    return log.equals(logId) ? revision : 0;
  }
}
