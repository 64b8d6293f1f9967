package dev.perigee.edge.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A table made of another by what changed is the one that is made of all sites. Repeat a run with
 * {@code -Dperigee.seed}.
 */
class RouteTableTest {
  private static final int STEPS = 3_000;
  private static final List<String> HOSTS =
      List.of("a.example", "b.example", "www.a.example", "*.a.example", "*.b.example", "c.test");
  private static final List<String> ASKED =
      List.of(
          "a.example",
          "b.example",
          "www.a.example",
          "x.a.example",
          "x.b.example",
          "c.test",
          "s1.cdn.test",
          "fra.s2.cdn.test",
          "s1.other.test",
          "nowhere.example");

  static SiteConfig site(String id, String origin, List<String> hosts) {
    OriginUrl url = OriginUrl.parse("http://" + origin).orElseThrow();
    return new SiteConfig(id, hosts, List.of(url), Set.of(), false, false);
  }

  /** The first by id of the sites that have it. */
  private static Routed expected(Map<String, SiteConfig> sites, String zone, String host) {
    String suffix = "*" + host.substring(host.indexOf('.'));
    for (String pattern : List.of(host, suffix)) {
      for (SiteConfig site : sites.values()) {
        if (site.hosts().contains(pattern)) {
          return new Routed.Matched(site, host);
        }
      }
    }
    if (host.endsWith("." + zone)) {
      String labels = host.substring(0, host.length() - zone.length() - 1);
      SiteConfig site = sites.get(labels.substring(labels.indexOf('.') + 1));
      if (site != null) {
        return new Routed.Matched(
            site, site.primaryHost().orElse(site.origins().getFirst().host()));
      }
    }
    return new Routed.NoSuchSite();
  }

  @Test
  void whateverChangesTheTableIsThatOfAllSites() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("RouteTableTest seed " + seed);
    Random random = new Random(seed);
    Map<String, SiteConfig> model = new TreeMap<>();
    HashTrie<SiteConfig> sites = HashTrie.empty();
    RouteTable table = RouteTable.empty();
    for (int step = 0; step < STEPS; step++) {
      for (int change = random.nextInt(3); change >= 0; change--) {
        String id = "s" + random.nextInt(4);
        if (random.nextInt(3) == 0) {
          model.remove(id);
          sites = sites.without(id);
          continue;
        }
        List<String> hosts = new ArrayList<>(HOSTS);
        hosts.removeIf(host -> random.nextInt(3) > 0);
        SiteConfig site = site(id, "origin-" + random.nextInt(3) + ".example", hosts);
        model.put(id, site);
        sites = sites.with(id, site);
      }
      String zone = random.nextBoolean() ? "cdn.test" : "other.test";
      table = table.with(zone, sites);
      assertEquals(model.size(), table.size());
      for (String host : ASKED) {
        assertEquals(expected(model, zone, host), table.route(host), "seed " + seed);
      }
    }
  }

  @Test
  void whatDidNotChangeIsTheSameObject() {
    SiteConfig one = site("one", "o.example", List.of("one.example"));
    RouteTable before = RouteTable.of("", List.of(one));
    RouteTable after =
        before.with(
            "",
            HashTrie.of(
                List.of(one, site("two", "o.example", List.of("b.example"))), SiteConfig::id));
    assertSame(before.route("one.example"), after.route("one.example"));
  }
}
