package dev.perigee.contract;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The pools of a site's origin servers, and which paths go to which.
 *
 * @param pools each with a name of its own; empty for one pool of the usual kind
 * @param routes the first that fits a path decides
 * @param defaultPool the pool of every other path; empty for the first
 */
public record OriginPools(List<OriginPool> pools, List<PoolRoute> routes, String defaultPool) {
  /** No pools of its own: the site's origins are one pool of the usual kind. */
  public static final OriginPools NONE = new OriginPools(List.of(), List.of(), "");

  /** Copies the lists. */
  public OriginPools {
    pools = List.copyOf(pools);
    routes = List.copyOf(routes);
  }

  /** One pool of the usual kind with these servers. */
  public static OriginPools simple(List<OriginUrl> origins) {
    List<PoolServer> servers = origins.stream().map(PoolServer::of).toList();
    return new OriginPools(List.of(OriginPool.of(OriginPool.NAME, servers)), List.of(), "");
  }

  public boolean isNone() {
    return pools.isEmpty();
  }

  /** The pool that answers where no route fits; empty where the named one does not exist. */
  public Optional<OriginPool> fallback() {
    return defaultPool.isEmpty() ? pools.stream().findFirst() : pool(defaultPool);
  }

  /**
   * The pool for a request.
   *
   * @param target path and query
   */
  public OriginPool poolFor(String target) {
    for (PoolRoute route : routes) {
      if (route.fits(target)) {
        return pool(route.pool()).or(this::fallback).orElseThrow();
      }
    }
    return fallback().orElseThrow();
  }

  /** The pool with this name. */
  public Optional<OriginPool> pool(String name) {
    return pools.stream().filter(pool -> pool.name().equals(name)).findFirst();
  }

  /** The servers of the default pool. */
  List<OriginUrl> fallbackUrls() {
    return fallback().stream()
        .flatMap(pool -> pool.servers().stream())
        .map(PoolServer::url)
        .toList();
  }

  /** All pools by name. */
  public Map<String, OriginPool> byName() {
    Map<String, OriginPool> byName = new HashMap<>();
    pools.forEach(pool -> byName.putIfAbsent(pool.name(), pool));
    return byName;
  }
}
