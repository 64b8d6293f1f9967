package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.Map;

/**
 * Everything of one revision that the node took: what is in force and what lies on its disk; and
 * what it did not take of it, which is not on its disk.
 *
 * @param logId which change log the revision counts in; empty for none yet
 * @param sites by id
 * @param certificates by id
 * @param peers the nodes of the network, by name
 * @param refused why, by the id of each site or certificate that is not as the revision has it
 */
public record ConfigState(
    String logId,
    long revision,
    String zone,
    HashTrie<SiteConfig> sites,
    HashTrie<CertificateConfig> certificates,
    HashTrie<PeerConfig> peers,
    HashTrie<String> refused) {
  /** Refusals that are told at once; more would not fit into a message. */
  private static final int TOLD = 1_000;

  private static final int REASON_LENGTH = 400;

  /** One of which nothing was refused; copies the maps. */
  public ConfigState(
      String logId,
      long revision,
      String zone,
      Map<String, SiteConfig> sites,
      Map<String, CertificateConfig> certificates,
      Map<String, PeerConfig> peers) {
    this(
        logId,
        revision,
        zone,
        HashTrie.copyOf(sites),
        HashTrie.copyOf(certificates),
        HashTrie.copyOf(peers),
        HashTrie.empty());
  }

  /** What is refused, as the control plane is told it. */
  List<FromEdge.Refusal> refusals() {
    return refused.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .limit(TOLD)
        .map(
            one -> {
              String reason = one.getValue();
              int length = Math.min(reason.length(), REASON_LENGTH);
              return new FromEdge.Refusal(one.getKey(), reason.substring(0, length));
            })
        .toList();
  }

  public static ConfigState empty() {
    return new ConfigState("", 0, "", Map.of(), Map.of(), Map.of());
  }

  /** The revision as far as it counts in this log; 0 in any other. */
  public long revisionIn(String log) {
    return log.equals(logId) ? revision : 0;
  }
}
