package dev.perigee.edge.store;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.table.HashTrie;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What part of the store each site has for itself and may take at most, in per cent. */
final class StoreShares {
  private static final Share USUAL = new Share(0, 100);

  private final SiteNumbers sites;

  /** Of sites that have other than the usual. */
  private final Map<String, Share> shares = new HashMap<>();

  private HashTrie<SiteConfig> known = HashTrie.empty();

  StoreShares(SiteNumbers sites) {
    this.sites = sites;
  }

  private record Share(int share, int cap) {
    static Share of(@Nullable SiteConfig site) {
      return site == null
          ? USUAL
          : new Share(site.cache().storeSharePercent(), site.cache().storeCapPercent());
    }
  }

  /**
   * Puts those of all sites in force.
   *
   * @param all by id
   * @param open the shards that are open
   */
  synchronized void set(HashTrie<SiteConfig> all, Supplier<List<Shard>> open) {
    Map<String, Share> changed = new HashMap<>();
    all.changesSince(
        known,
        (site, before, after) -> {
          Share share = Share.of(after);
          if (!share.equals(Share.of(before))) {
            changed.put(site, share);
          }
        });
    known = all;
    changed.forEach(
        (site, share) -> {
          if (share.equals(USUAL)) {
            shares.remove(site);
          } else {
            shares.put(site, share);
          }
        });
    if (!changed.isEmpty()) {
      open.get().forEach(shard -> apply(shard, changed));
    }
  }

  /** Puts them in force in a shard that others can see from now on. */
  synchronized void apply(Shard shard) {
    apply(shard, shares);
  }

  private void apply(Shard shard, Map<String, Share> some) {
    synchronized (shard.lock) {
      some.forEach((site, share) -> shard.room.limits(sites.of(site), share.share, share.cap));
    }
  }
}
