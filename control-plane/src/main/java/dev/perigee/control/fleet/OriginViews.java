package dev.perigee.control.fleet;

import dev.perigee.contract.Limits;
import dev.perigee.contract.OriginHealth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** How nodes see origins: the last word of each node on each site. */
final class OriginViews {
  /** Sites that one node may speak of. */
  private static final int SITES = 100_000;

  private final Map<String, Map<String, OriginHealth>> byNode = new ConcurrentHashMap<>();

  /** What a node says; what breaks the contract is not kept. */
  void said(String node, List<OriginHealth> origins) {
    Map<String, OriginHealth> own = byNode.computeIfAbsent(node, name -> new ConcurrentHashMap<>());
    for (OriginHealth health : origins) {
      boolean sound = health.servers().size() <= Limits.SITE_ORIGINS;
      if (sound && (own.size() < SITES || own.containsKey(health.site()))) {
        own.put(health.site(), health);
      }
    }
  }

  /** A node's stream began or ended: what it said before is of no use. */
  void forget(String node) {
    byNode.remove(node);
  }

  Optional<OriginHealth> of(String node, String site) {
    return Optional.ofNullable(byNode.getOrDefault(node, Map.of()).get(site));
  }
}
