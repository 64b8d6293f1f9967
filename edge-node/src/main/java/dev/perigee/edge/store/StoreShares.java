package dev.perigee.edge.store;

import dev.perigee.contract.SiteConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What part of the store each site has for itself and may take at most, in per cent. */
final class StoreShares {
  private static final Share USUAL = new Share(0, 100);

  private final SiteNumbers sites;
  private Map<String, Share> shares = Map.of();

  StoreShares(SiteNumbers sites) {
    this.sites = sites;
  }

  private record Share(int share, int cap) {}

  /**
   * Puts those of all sites in force.
   *
   * @param open the shards that are open
   */
  synchronized void set(Collection<SiteConfig> all, Supplier<List<Shard>> open) {
    Map<String, Share> next = new HashMap<>();
    for (SiteConfig site : all) {
      Share share = new Share(site.cache().storeSharePercent(), site.cache().storeCapPercent());
      // A site that had limits and has them no more is told so.
      if (!share.equals(USUAL) || shares.containsKey(site.id())) {
        next.put(site.id(), share);
      }
    }
    shares = next;
    open.get().forEach(this::apply);
  }

  /** Puts them in force in a shard that others can see from now on. */
  synchronized void apply(Shard shard) {
    synchronized (shard.lock) {
      shares.forEach((site, share) -> shard.room.limits(sites.of(site), share.share, share.cap));
    }
  }
}
