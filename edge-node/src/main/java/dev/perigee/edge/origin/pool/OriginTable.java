package dev.perigee.edge.origin.pool;

import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.SiteConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The pools of all sites. Swapped whole with the configuration; what is known of a server stays
 * where the server stays, spoken to as before.
 */
public final class OriginTable {
  private final RandomGenerator random;
  private volatile Tables tables = new Tables(Map.of(), Map.of(), Map.of());

  private record Tables(
      Map<String, SitePools> sites,
      Map<ServerKey, ServerState> servers,
      Map<PoolKey, PoolLoad> loads) {}

  private record ServerKey(String site, String pool, OriginUrl url, OriginTransport transport) {}

  private record PoolKey(String site, String pool) {}

  public OriginTable(RandomGenerator random) {
    this.random = random;
  }

  /** Takes over the configuration of all sites. */
  public synchronized void swap(Collection<SiteConfig> sites) {
    Tables before = tables;
    Map<String, SitePools> next = new HashMap<>();
    Map<ServerKey, ServerState> servers = new HashMap<>();
    Map<PoolKey, PoolLoad> loads = new HashMap<>();
    for (SiteConfig site : sites) {
      next.put(site.id(), pools(site, before, servers, loads));
    }
    tables = new Tables(next, servers, loads);
  }

  /**
   * The pools of a site as a request knows it: one that began with another configuration keeps that
   * one's.
   */
  public SitePools of(SiteConfig site) {
    Tables now = tables;
    SitePools known = now.sites.get(site.id());
    return known != null && known.site().equals(site)
        ? known
        : pools(site, now, new HashMap<>(), new HashMap<>());
  }

  /** The pools of all sites in force. */
  public Collection<SitePools> all() {
    return tables.sites.values();
  }

  /** Compares the servers of each pool; to be called about once a second. */
  public void sweep(long nowMillis) {
    all().forEach(site -> site.all().forEach(pool -> pool.sweep(nowMillis)));
  }

  private SitePools pools(
      SiteConfig site,
      Tables before,
      Map<ServerKey, ServerState> servers,
      Map<PoolKey, PoolLoad> loads) {
    OriginPools config = site.originPools();
    Map<String, ServerPool> pools = new LinkedHashMap<>();
    for (OriginPool pool : config.pools()) {
      PoolKey key = new PoolKey(site.id(), pool.name());
      PoolLoad known = before.loads.get(key);
      PoolLoad load = known == null ? new PoolLoad(random.nextLong()) : known;
      loads.put(key, load);
      ServerState[] states = new ServerState[pool.servers().size()];
      for (int i = 0; i < states.length; i++) {
        PoolServer server = pool.servers().get(i);
        ServerKey own = new ServerKey(site.id(), pool.name(), server.url(), pool.transport());
        ServerState state = before.servers.get(own);
        states[i] = state == null ? new ServerState(server.url()) : state;
        servers.put(own, states[i]);
      }
      pools.put(pool.name(), new ServerPool(site.id(), pool, states, load));
    }
    return new SitePools(site, config, pools);
  }
}
