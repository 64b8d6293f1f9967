package dev.perigee.edge.origin.pool;

import dev.perigee.contract.OriginPools;
import dev.perigee.contract.PoolRoute;
import dev.perigee.contract.SiteConfig;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The pools of one site, and which path goes to which. */
public final class SitePools {
  private final SiteConfig site;
  private final OriginPools config;
  private final Map<String, ServerPool> pools;
  private final ServerPool fallback;

  SitePools(SiteConfig site, OriginPools config, Map<String, ServerPool> pools) {
    this.site = site;
    this.config = config;
    this.pools = Map.copyOf(pools);
    String name = config.fallback().orElseThrow().name();
    ServerPool found = pools.get(name);
    if (found == null) {
      throw new IllegalArgumentException("no pool " + name);
    }
    this.fallback = found;
  }

  /** The configuration it was made of. */
  public SiteConfig site() {
    return site;
  }

  public Collection<ServerPool> all() {
    return pools.values();
  }

  /** The pool of this name; null where there is none. */
  @Nullable ServerPool named(String name) {
    return pools.get(name);
  }

  /**
   * The pool for a request.
   *
   * @param target path and query
   */
  public ServerPool pool(String target) {
    for (PoolRoute route : config.routes()) {
      if (route.fits(target)) {
        return pools.getOrDefault(route.pool(), fallback);
      }
    }
    return fallback;
  }
}
