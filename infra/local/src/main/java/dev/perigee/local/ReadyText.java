package dev.perigee.local;

import java.util.List;

/** What {@code perigee up} says once all runs: the ready line, and commands to try. */
final class ReadyText {
  private ReadyText() {}

  static List<String> lines(Layout layout, StateFolder folder, String elapsed) {
    String host = layout.host();
    EdgePlace first = layout.edges().getFirst();
    String edge = first.address() + ":" + EdgePlace.HTTP_PORT;
    String site = LocalNetwork.SITE;
    String siteHost = LocalNetwork.SITE_HOST;
    String zone = LocalNetwork.ZONE;
    return List.of(
        "perigee is ready after " + elapsed + ": a control plane, 3 edges, one demo site",
        "",
        "  Fetch twice and see a miss, then a hit (Cache-Status):",
        "    curl -i http://" + edge + "/products/7 -H 'Host: " + siteHost + "'",
        "  Clear what carries a tag, on every edge, then fetch again:",
        "    ./perigee purge --site " + siteHost + " --tag product-7 --wait",
        "  Ask DNS for clients of three continents:",
        "    dig @%s -p %d %s.%s +short +subnet=194.25.0.60/32"
            .formatted(host, Layout.DNS_PORT, site, zone),
        "    dig @%s -p %d %s.%s +short +subnet=8.8.8.8/32"
            .formatted(host, Layout.DNS_PORT, site, zone),
        "    dig @%s -p %d %s.%s +short +subnet=165.21.83.88/32"
            .formatted(host, Layout.DNS_PORT, site, zone),
        "  See why, and how the network is:",
        "    ./perigee steer explain --client 8.8.8.8 --site " + siteHost,
        "    ./perigee status",
        "",
        "  Console   " + layout.api() + "/   (operator token: " + folder.token() + ")",
        "  Steering  http://" + host + ":" + Layout.STEER_PORT + "/",
        "  Origin    " + layout.origin() + "/",
        "  Logs      " + folder.logs(),
        "",
        "  Origins on loopback and private addresses are allowed: this network is for its own",
        "  operator, on this machine. Others refuse them unless told --allow-private-origins.");
  }
}
