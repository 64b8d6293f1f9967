package dev.perigee.edge.routing;

import dev.perigee.contract.SiteConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * The hosts of all sites: exact names, wildcards of one label, and the steered names {@code
 * <site>.<zone>} and {@code <node>.<site>.<zone>}.
 */
public final class RouteTable {
  private static final Routed NONE = new Routed.NoSuchSite();

  private final String zoneSuffix;
  private final Map<String, SiteConfig> byId = new HashMap<>();
  private final Map<String, Routed.Matched> exact = new HashMap<>();

  /** By what follows the first label, with its dot. */
  private final Map<String, SiteConfig> wildcards = new HashMap<>();

  private RouteTable(String zone) {
    this.zoneSuffix = "." + zone;
  }

  /**
   * The table of these sites.
   *
   * @param zone the steered names' zone; empty for none
   */
  public static RouteTable of(String zone, Collection<SiteConfig> sites) {
    RouteTable table = new RouteTable(zone);
    for (SiteConfig site : sites) {
      table.byId.put(site.id(), site);
      for (String host : site.hosts()) {
        if (host.startsWith("*.")) {
          table.wildcards.putIfAbsent(host.substring(1), site);
        } else {
          table.exact.putIfAbsent(host, new Routed.Matched(site, host));
        }
      }
    }
    return table;
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
    SiteConfig site = byId.get(id);
    return site == null ? NONE : new Routed.Matched(site, keyHost);
  }

  /** The site of a normalised host; an exact name before a wildcard before a steered name. */
  public Routed route(String host) {
    Routed.Matched match = exact.get(host);
    if (match != null) {
      return match;
    }
    int dot = host.indexOf('.');
    SiteConfig covering = dot < 0 ? null : wildcards.get(host.substring(dot));
    if (covering != null) {
      return new Routed.Matched(covering, host);
    }
    return steered(host);
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
    SiteConfig site = byId.get(labels.substring(dot + 1));
    if (site == null) {
      return NONE;
    }
    String keyHost = site.primaryHost().orElseGet(() -> site.origins().getFirst().host());
    return new Routed.Matched(site, keyHost);
  }
}
