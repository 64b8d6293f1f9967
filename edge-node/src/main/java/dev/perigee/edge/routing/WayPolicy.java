package dev.perigee.edge.routing;

import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.PeerTier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which way a miss goes: the key's owner inside the POP, a shield, the origin. A request that has
 * come as one tier only goes to a later one, so at most two nodes follow the one that a reader
 * asked, and no request comes round to where it was.
 */
public final class WayPolicy {
  /** Owners that are tried before this node takes the key upon itself. */
  private static final int MAX_OWNERS = 2;

  /** Shields that are tried before the origin itself. */
  public static final int MAX_SHIELDS = 3;

  private WayPolicy() {}

  /**
   * The way.
   *
   * @param cameAs as what this node was asked by another; empty where a reader asks
   */
  public static Way way(PeerTable peers, SiteConfig site, CacheKey key, Optional<PeerTier> cameAs) {
    List<Way.Step> steps = new ArrayList<>();
    if (site.tiers().popShare() && cameAs.isEmpty()) {
      add(steps, PeerTier.OWNER, peers.owners(key), MAX_OWNERS);
    }
    if (site.tiers().shield() && !cameAs.equals(Optional.of(PeerTier.SHIELD))) {
      add(steps, PeerTier.SHIELD, peers.shields(site), MAX_SHIELDS);
    }
    return steps.isEmpty() ? Way.STRAIGHT : new Way(steps);
  }

  private static void add(List<Way.Step> steps, PeerTier tier, List<PeerConfig> peers, int atMost) {
    peers.stream().limit(atMost).forEach(peer -> steps.add(new Way.Step(tier, peer)));
  }
}
