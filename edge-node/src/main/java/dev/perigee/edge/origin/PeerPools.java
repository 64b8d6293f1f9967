package dev.perigee.edge.origin;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Breakers;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Other nodes as the client of origins knows servers: each a site of one pool, whose servers are
 * the node's addresses. By none of the settings of a real site: which node is left alone, and who
 * is asked instead, is decided elsewhere. Any thread.
 */
final class PeerPools {
  /** Nodes by the time that they may take; sites whose owners set times of their own add to it. */
  private static final int MOST = 10_000;

  private static final int ALWAYS = 100;

  /** An address that led nowhere comes after the node's others for a while. */
  private static final Ejection LAST =
      new Ejection(0, 1, 0, 0, 10_000, 1, 10_000, 60_000, ALWAYS, 0);

  private static final Breakers CLOSED =
      new Breakers(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

  private final OriginTable table;
  private final Map<Asked, SiteConfig> sites = new ConcurrentHashMap<>();

  private record Asked(PeerConfig peer, long millis) {}

  PeerPools(OriginTable table) {
    this.table = table;
  }

  /**
   * The node as a site.
   *
   * @param millis until the head of its answer
   */
  SiteConfig of(PeerConfig peer, long millis) {
    Asked asked = new Asked(peer, millis);
    SiteConfig known = sites.get(asked);
    return known == null ? added(asked) : known;
  }

  private synchronized SiteConfig added(Asked asked) {
    if (sites.size() >= MOST) {
      sites.clear();
    }
    // What a node was called or where it was before is asked no more.
    sites
        .keySet()
        .removeIf(
            other -> other.peer.name().equals(asked.peer.name()) && !other.peer.equals(asked.peer));
    SiteConfig site = sites.computeIfAbsent(asked, PeerPools::site);
    table.swap(HashTrie.of(sites.values(), SiteConfig::id));
    return site;
  }

  /**
   * A small body is kept for a connection that turns out closed. Another address of the same node
   * is asked where one leads nowhere, not where the node was too slow: the time for all is over.
   */
  private static RetryPolicy retries(int addresses) {
    long kept = addresses > 1 ? 0 : RetryPolicy.DEFAULT.bodyBytes();
    return new RetryPolicy(addresses - 1, List.of(), kept, ALWAYS, ALWAYS);
  }

  private static SiteConfig site(Asked asked) {
    List<OriginUrl> urls =
        asked.peer.addresses().stream()
            .map(address -> address.indexOf(':') >= 0 ? "[" + address + "]" : address)
            .map(host -> new OriginUrl("https", host, asked.peer.peerPort()))
            .toList();
    OriginPool pool =
        new OriginPool(
            OriginPool.NAME,
            urls.stream().map(PoolServer::of).toList(),
            Balance.DEFAULT,
            Optional.empty(),
            LAST,
            0,
            retries(urls.size()),
            new OriginTimeouts(0, asked.millis, 0, urls.size() > 1 ? asked.millis : 0),
            CLOSED,
            OriginTransport.DEFAULT);
    return new SiteConfig(
        asked.peer.name() + "/" + asked.millis,
        List.of(),
        urls,
        Set.of(),
        false,
        false,
        CachePolicy.DEFAULT,
        new OriginPools(List.of(pool), List.of(), ""));
  }
}
