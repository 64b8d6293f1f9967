package dev.perigee.control.api;

import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.SiteConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How nodes see a site's origins, as JSON. */
final class OriginHealthJson {
  private OriginHealthJson() {}

  static Map<String, Object> view(SiteConfig site, Map<String, OriginHealth> nodes) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("site", site.id());
    List<Map<String, Object>> views =
        nodes.entrySet().stream()
            .map(
                node ->
                    OriginPoolsJson.ordered(
                        "node", node.getKey(), "servers", servers(node.getValue())))
            .toList();
    view.put("nodes", views);
    return view;
  }

  private static List<Map<String, Object>> servers(OriginHealth health) {
    return health.servers().stream().map(OriginHealthJson::server).toList();
  }

  private static Map<String, Object> server(OriginHealth.Server server) {
    Map<String, Object> view =
        OriginPoolsJson.ordered(
            "pool", server.pool(), "url", server.url(), "standing", server.standing());
    if (!server.check().isEmpty()) {
      view.put("check", server.check());
    }
    view.put("active", server.active());
    view.put("latencyMicros", server.latencyMicros());
    view.put("requests", server.requests());
    view.put("failures", server.failures());
    return view;
  }
}
