package dev.perigee.control.store;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteValidator;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * What no site of this network may be, whoever sends it.
 *
 * @param zone whose names no site may claim
 * @param addresses which addresses origins may have
 */
record SiteRules(String zone, OriginAddressPolicy addresses) {
  private static final int MAX_LABEL = 50;

  /** What is wrong with a site. */
  List<Problem> problems(SiteConfig site) {
    List<Problem> problems = new ArrayList<>(SiteValidator.problems(site));
    for (int i = 0; i < site.hosts().size(); i++) {
      String host = site.hosts().get(i);
      if (host.equals(zone) || host.endsWith("." + zone)) {
        problems.add(
            new Problem("hosts[" + i + "]", "lies in the zone " + zone + " of the network itself"));
      }
    }
    forbiddenOrigins(site, problems);
    return problems;
  }

  private void forbiddenOrigins(SiteConfig site, List<Problem> problems) {
    for (int p = 0; p < site.originPools().pools().size(); p++) {
      OriginPool pool = site.originPools().pools().get(p);
      String at =
          site.pools().isNone() ? "origins[%d]" : "originPools.pools[" + p + "].servers[%d].url";
      for (int i = 0; i < pool.servers().size(); i++) {
        if (isForbidden(pool.servers().get(i).url())) {
          problems.add(
              new Problem(
                  at.formatted(i),
                  "is no address of the public internet, nor in a range that the operator allows"));
        }
      }
    }
  }

  /** Literal addresses and localhost only: names are checked where they are resolved. */
  private boolean isForbidden(OriginUrl origin) {
    String host = origin.host();
    if (host.equals("localhost") || host.endsWith(".localhost")) {
      return !addresses.allows(InetAddress.ofLiteral("127.0.0.1"));
    }
    boolean literal = host.startsWith("[");
    if (!literal && !host.matches("[0-9.]+")) {
      return false;
    }
    try {
      String address = literal ? host.substring(1, host.length() - 1) : host;
      return !addresses.allows(InetAddress.ofLiteral(address));
    } catch (IllegalArgumentException e) {
      return true;
    }
  }

  /** An id made from the first host; others may have it. */
  static String derivedId(SiteConfig site, String prefix) {
    String host = site.hosts().isEmpty() ? "site" : site.hosts().getFirst();
    String label = host.replaceFirst("^\\*\\.", "").replaceAll("[^a-z0-9]+", "-");
    int most = MAX_LABEL - prefix.length();
    String cut = label.length() > most ? label.substring(0, most) : label;
    String trimmed = cut.replaceAll("^-+|-+$", "");
    return prefix + (trimmed.isEmpty() ? "site" : trimmed);
  }
}
