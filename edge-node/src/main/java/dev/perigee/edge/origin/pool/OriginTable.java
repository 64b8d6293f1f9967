package dev.perigee.edge.origin.pool;

import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The pools of all sites. Swapped whole with the configuration, by the pools of the sites that
 * changed; what is known of a server stays where the server stays, spoken to as before.
 */
public final class OriginTable {
  private final RandomGenerator random;
  private volatile Tables tables = new Tables(HashTrie.empty(), HashTrie.empty());

  private record Tables(HashTrie<SiteConfig> sites, HashTrie<SitePools> pools) {}

  public OriginTable(RandomGenerator random) {
    this.random = random;
  }

  /**
   * Takes over the configuration of all sites.
   *
   * @param sites by id
   */
  public synchronized void swap(HashTrie<SiteConfig> sites) {
    Tables before = tables;
    Map<String, SitePools> fresh = new HashMap<>();
    List<String> gone = new ArrayList<>();
    sites.changesSince(
        before.sites,
        (id, old, site) -> {
          if (site == null) {
            gone.add(id);
          } else {
            fresh.put(id, pools(site, before.pools.find(id)));
          }
        });
    tables = new Tables(sites, before.pools.withoutAll(gone).withAll(fresh));
  }

  /**
   * The pools of a site as a request knows it: one that began with another configuration keeps that
   * one's.
   */
  public SitePools of(SiteConfig site) {
    SitePools known = tables.pools.find(site.id());
    return known != null && known.site().equals(site) ? known : pools(site, known);
  }

  /** The pools in force, by site. A site's are the same ones until its configuration changes. */
  public HashTrie<SitePools> pools() {
    return tables.pools;
  }

  /** The pools of all sites in force. */
  public Collection<SitePools> all() {
    return pools().values();
  }

  /** Compares the servers of each pool; to be called about once a second. */
  public void sweep(long nowMillis) {
    all().forEach(site -> site.all().forEach(pool -> pool.sweep(nowMillis)));
  }

  /**
   * The pools of a site.
   *
   * @param before those it had until now
   */
  private SitePools pools(SiteConfig site, @Nullable SitePools before) {
    OriginPools config = site.originPools();
    Map<String, ServerPool> pools = new LinkedHashMap<>();
    for (OriginPool pool : config.pools()) {
      ServerPool known = before == null ? null : before.named(pool.name());
      PoolLoad load = known == null ? new PoolLoad(draw()) : known.load();
      Map<OriginUrl, ServerState> states = new HashMap<>();
      if (known != null && known.config().transport().equals(pool.transport())) {
        for (int i = 0; i < known.size(); i++) {
          states.put(known.url(i), known.server(i));
        }
      }
      ServerState[] servers = new ServerState[pool.servers().size()];
      for (int i = 0; i < servers.length; i++) {
        servers[i] = states.computeIfAbsent(pool.servers().get(i).url(), ServerState::new);
      }
      pools.put(pool.name(), new ServerPool(site.id(), pool, servers, load));
    }
    return new SitePools(site, config, pools);
  }

  /** For a request too, on whichever thread that is. */
  private long draw() {
    synchronized (random) {
      return random.nextLong();
    }
  }
}
