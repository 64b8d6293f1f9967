package dev.perigee.edge.routing;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.CertificateTerms;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The hosts of all sites: exact names, wildcards of one label, and the steered names {@code
 * <site>.<zone>} and {@code <node>.<site>.<zone>}. Immutable; the next one shares with it what has
 * not changed.
 *
 * <p>The control plane gives a host to one site. Where two have it all the same, it is the one's
 * whose id comes first, on every node and whatever came first.
 */
public final class RouteTable {
  private static final Routed NONE = new Routed.NoSuchSite();
  private static final RouteTable EMPTY =
      new RouteTable(".", HashTrie.empty(), HashTrie.empty(), HashTrie.empty(), HashTrie.empty());

  private final BiPredicate<SiteConfig, String> names = this::isName;
  private final String zoneSuffix;
  private final HashTrie<SiteConfig> byId;
  private final HashTrie<Routed.Matched> exact;

  /** By what follows the first label, with its dot. */
  private final HashTrie<SiteConfig> wildcards;

  /** The ids, in order, of sites that have one host, an exact name or a wildcard. */
  private final HashTrie<List<String>> contested;

  private RouteTable(
      String zoneSuffix,
      HashTrie<SiteConfig> byId,
      HashTrie<Routed.Matched> exact,
      HashTrie<SiteConfig> wildcards,
      HashTrie<List<String>> contested) {
    this.zoneSuffix = zoneSuffix;
    this.byId = byId;
    this.exact = exact;
    this.wildcards = wildcards;
    this.contested = contested;
  }

  /**
   * The table of these sites.
   *
   * @param zone the steered names' zone; empty for none
   */
  public static RouteTable of(String zone, Collection<SiteConfig> sites) {
    return EMPTY.with(zone, HashTrie.of(sites, SiteConfig::id));
  }

  /** The table of no site. */
  public static RouteTable empty() {
    return EMPTY;
  }

  /**
   * The table of other sites, made of this one by what is not the same.
   *
   * @param sites by id
   */
  public RouteTable with(String zone, HashTrie<SiteConfig> sites) {
    Map<String, Set<String>> claims = new HashMap<>();
    sites.changesSince(
        byId,
        (id, before, after) -> {
          hosts(before).forEach(host -> claims(claims, host).remove(id));
          hosts(after).forEach(host -> claims(claims, host).add(id));
        });
    Map<String, Routed.Matched> names = new HashMap<>();
    Map<String, SiteConfig> covering = new HashMap<>();
    Map<String, List<String>> several = new HashMap<>();
    List<String> single = new ArrayList<>();
    List<String> gone = new ArrayList<>();
    claims.forEach(
        (host, ids) -> {
          if (ids.size() > 1) {
            several.put(host, List.copyOf(ids));
          } else {
            single.add(host);
          }
          SiteConfig site = ids.isEmpty() ? null : sites.find(ids.iterator().next());
          if (site == null) {
            gone.add(isWildcard(host) ? suffix(host) : host);
          } else if (isWildcard(host)) {
            covering.put(suffix(host), site);
          } else {
            names.put(host, new Routed.Matched(site, host));
          }
        });
    return new RouteTable(
        "." + zone,
        sites,
        exact.withoutAll(gone).withAll(names),
        wildcards.withoutAll(gone).withAll(covering),
        contested.withoutAll(single).withAll(several));
  }

  private static List<String> hosts(@Nullable SiteConfig site) {
    return site == null ? List.of() : site.hosts();
  }

  /** The ids of the sites that have a host: as this table knows them until they are changed. */
  private Set<String> claims(Map<String, Set<String>> claims, String host) {
    return claims.computeIfAbsent(host, name -> new TreeSet<>(owners(name)));
  }

  private List<String> owners(String host) {
    List<String> all = contested.find(host);
    if (all != null) {
      return all;
    }
    Routed.Matched match = exact.find(host);
    SiteConfig site =
        isWildcard(host) ? wildcards.find(suffix(host)) : match == null ? null : match.site();
    return site == null ? List.of() : List.of(site.id());
  }

  private static boolean isWildcard(String host) {
    return host.startsWith("*.");
  }

  private static String suffix(String wildcard) {
    return wildcard.substring(1);
  }

  /** Sites in the table. */
  public int size() {
    return byId.size();
  }

  public Collection<SiteConfig> sites() {
    return byId.values();
  }

  /** The site with this id, for a request that another node has routed already. */
  public Routed byId(String id, String keyHost) {
    SiteConfig site = byId.find(id);
    return site == null ? NONE : new Routed.Matched(site, keyHost);
  }

  /** The site of a normalised host; an exact name before a wildcard before a steered name. */
  public Routed route(String host) {
    Routed.Matched match = exact.find(host);
    if (match != null) {
      return match;
    }
    int dot = host.indexOf('.');
    SiteConfig covering = dot < 0 ? null : wildcards.find(host.substring(dot));
    if (covering != null) {
      return new Routed.Matched(covering, host);
    }
    return steered(host);
  }

  /** Under which terms a handshake for this server name is; empty where it asks nobody. */
  public Optional<CertificateTerms> terms(String serverName) {
    return route(serverName) instanceof Routed.Matched(SiteConfig site, String keyHost)
            && site.clientCertificates().isAsked()
        ? Optional.of(new CertificateTerms(site.id(), site.clientCertificates()))
        : Optional.empty();
  }

  /** Tells whether a name is a site's; the same for all requests, of which each is given it. */
  public BiPredicate<SiteConfig, String> names() {
    return names;
  }

  private boolean isName(SiteConfig site, String name) {
    return route(name) instanceof Routed.Matched to && to.site().id().equals(site.id());
  }

  private Routed steered(String host) {
    if (zoneSuffix.length() == 1 || !host.endsWith(zoneSuffix)) {
      return NONE;
    }
    String labels = host.substring(0, host.length() - zoneSuffix.length());
    int dot = labels.indexOf('.');
    if (dot != labels.lastIndexOf('.')) {
      return NONE;
    }
    SiteConfig site = byId.find(labels.substring(dot + 1));
    if (site == null) {
      return NONE;
    }
    String keyHost = site.primaryHost().orElseGet(() -> site.origins().getFirst().host());
    return new Routed.Matched(site, keyHost);
  }
}
