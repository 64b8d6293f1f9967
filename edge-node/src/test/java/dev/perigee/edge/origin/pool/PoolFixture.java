package dev.perigee.edge.origin.pool;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Breakers;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.StickyCookie;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Pools for the tests of this package. */
final class PoolFixture {
  static final String NAME = "web";

  private PoolFixture() {}

  static OriginUrl url(int number) {
    return new OriginUrl("http", "s" + number + ".example", 80);
  }

  /** Servers of tier 0 with these weights, numbered from 0. */
  static List<PoolServer> servers(int... weights) {
    List<PoolServer> servers = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      servers.add(new PoolServer(url(i), weights[i], 0));
    }
    return servers;
  }

  static Balance balance(Balance.Algorithm algorithm, Balance.HashBy by, String name) {
    return new Balance(algorithm, by, name, Optional.empty());
  }

  static Balance sticky() {
    return new Balance(
        Balance.Algorithm.ROUND_ROBIN,
        Balance.HashBy.URL,
        "",
        Optional.of(new StickyCookie("stay", 60, Bytes.copyOf(new byte[16]))));
  }

  static OriginPool pool(List<PoolServer> servers, Balance balance, Ejection ejection) {
    return new OriginPool(
        NAME,
        servers,
        balance,
        Optional.empty(),
        ejection,
        10_000,
        RetryPolicy.DEFAULT,
        OriginTimeouts.DEFAULT,
        Breakers.DEFAULT,
        OriginTransport.DEFAULT);
  }

  static SiteConfig site(OriginPool... pools) {
    OriginPools all = new OriginPools(List.of(pools), List.of(), "");
    return new SiteConfig(
        "shop",
        List.of("www.shop.example"),
        List.of(),
        Set.of(),
        false,
        false,
        dev.perigee.contract.CachePolicy.DEFAULT,
        all);
  }

  /** One pool over a table of its own. */
  static ServerPool of(List<PoolServer> servers, Balance balance, Ejection ejection) {
    OriginTable table = table();
    SiteConfig site = site(pool(servers, balance, ejection));
    table.swap(HashTrie.of(List.of(site), SiteConfig::id));
    return table.of(site).pool("/");
  }

  static ServerPool of(Balance.Algorithm algorithm, int... weights) {
    return of(servers(weights), balance(algorithm, Balance.HashBy.URL, ""), Ejection.DEFAULT);
  }

  static OriginTable table() {
    return new OriginTable(new java.util.SplittableRandom(7));
  }

  static int choose(ServerPool pool, String target) {
    return pool.choose(0, ServerPool.NONE, pool.hash(target, FieldList.empty(), "192.0.2.1"), 0);
  }
}
