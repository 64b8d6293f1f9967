package dev.perigee.edge.limit;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.Algorithm;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.RateRule.Scope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Rate limits and requests for tests. */
public final class Rules {
  static final ClientPlace NOWHERE = place("ZZ");

  private Rules() {}

  /** So many within so many seconds, by a token bucket with a burst of as many. */
  public static RateRule bucket(String name, long requests, long seconds, By by) {
    return rule(name, Algorithm.TOKEN_BUCKET, requests, seconds, by, "");
  }

  /** Likewise with everything that counts. */
  public static RateRule rule(
      String name, Algorithm algorithm, long requests, long seconds, By by, String field) {
    return new RateRule(
        name,
        List.of(),
        List.of(),
        algorithm,
        requests,
        seconds,
        requests,
        by,
        field,
        RateRule.IPV6_PREFIX,
        Action.BLOCK,
        Scope.NODE,
        false,
        false);
  }

  /** The same with other conditions, and what becomes of a request too many. */
  public static RateRule with(
      RateRule rule, List<String> paths, List<String> methods, Action action, boolean shown) {
    return new RateRule(
        rule.name(),
        paths,
        methods,
        rule.algorithm(),
        rule.requests(),
        rule.windowSeconds(),
        rule.burst(),
        rule.by(),
        rule.field(),
        rule.ipv6Prefix(),
        action,
        rule.scope(),
        rule.missesOnly(),
        shown);
  }

  /** The same for what the cache does not answer. */
  public static RateRule missesOnly(RateRule rule) {
    return with(rule, rule.scope(), true);
  }

  /** The same for all nodes together. */
  public static RateRule ofFleet(RateRule rule) {
    return with(rule, Scope.FLEET, rule.missesOnly());
  }

  private static RateRule with(RateRule rule, Scope scope, boolean missesOnly) {
    return new RateRule(
        rule.name(),
        rule.paths(),
        rule.methods(),
        rule.algorithm(),
        rule.requests(),
        rule.windowSeconds(),
        rule.burst(),
        rule.by(),
        rule.field(),
        rule.ipv6Prefix(),
        rule.action(),
        scope,
        missesOnly,
        rule.shown());
  }

  static SiteConfig site(String id, RateRule... rules) {
    List<OriginUrl> origins = List.of(new OriginUrl("http", "origin.example", 80));
    return new SiteConfig(id, List.of(id + ".example"), origins, Set.of(), false, false)
        .withLimits(List.of(rules));
  }

  static HashTrie<SiteConfig> sites(SiteConfig... sites) {
    return HashTrie.of(List.of(sites), SiteConfig::id);
  }

  static RequestHead get(String client, String target, String... fields) {
    return new RequestHead(
        "GET",
        "https",
        "shop.example",
        443,
        target,
        "HTTP/1.1",
        FieldList.of(fields),
        client,
        false);
  }

  static ClientPlace place(String country) {
    return new ClientPlace() {
      @Override
      public String country() {
        return country;
      }

      @Override
      public OptionalLong system() {
        return OptionalLong.empty();
      }
    };
  }
}
