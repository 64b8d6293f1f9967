package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.StringJoiner;
import java.util.TreeMap;

/** What {@code perigee doctor} makes of the builds that run; it asks nobody itself. */
final class VersionPolicy {
  private static final String WHAT = "versions";
  private static final int MOST_NAMES = 5;
  private static final String ORDER =
      "update the control planes, one after the other, then the nodes: a build works with the one"
          + " before it, no further";

  /** Addresses of those that run each version. */
  private final NavigableMap<String, List<String>> planes = new TreeMap<>();

  /** The same of nodes, by name. */
  private final NavigableMap<String, List<String>> nodes = new TreeMap<>();

  private final String client;

  private VersionPolicy(String client) {
    this.client = client;
  }

  /**
   * Whether all are of one build, and what to do where they are not.
   *
   * @param client version of this client
   * @param status what the control plane says of itself and of others on its database
   * @param nodes what it says of those
   */
  static List<Finding> judge(String client, JsonNode status, JsonNode nodes) {
    String asked = status.path("version").asText();
    if (asked.isEmpty()) {
      return List.of(
          Finding.warn(
              WHAT,
              "the control plane does not tell its version: it is older than this client (%s)"
                  .formatted(client),
              ORDER));
    }
    VersionPolicy all = new VersionPolicy(client);
    for (JsonNode one : status.path("controlPlanes")) {
      add(all.planes, one.path("version").asText(), one.path("address").asText());
    }
    if (all.planes.isEmpty()) {
      add(all.planes, asked, "the one that was asked");
    }
    for (JsonNode one : nodes.path("items")) {
      String version = one.path("version").asText();
      if (one.path("connected").asBoolean() && !version.isEmpty()) {
        add(all.nodes, version, one.path("name").asText());
      }
    }
    return all.findings(asked);
  }

  private static void add(NavigableMap<String, List<String>> all, String version, String name) {
    all.computeIfAbsent(version, any -> new ArrayList<>()).add(name);
  }

  private List<Finding> findings(String asked) {
    List<Finding> found = new ArrayList<>();
    if (planes.size() > 1) {
      found.add(Finding.warn("versions of control planes", text(planes), ORDER));
    }
    if (nodes.size() > 1) {
      found.add(Finding.warn("versions of nodes", text(nodes), ORDER));
    }
    if (planes.size() == 1 && nodes.size() == 1 && !planes.keySet().equals(nodes.keySet())) {
      found.add(
          Finding.warn(
              WHAT,
              "control planes %s, nodes %s".formatted(planes.firstKey(), nodes.firstKey()),
              ORDER));
    }
    if (!client.equals(asked)) {
      found.add(
          Finding.warn(
              "version of the client",
              "%s, of the control plane that it asks %s".formatted(client, asked),
              "use the client of the control plane's build"));
    }
    if (found.isEmpty()) {
      found.add(
          Finding.ok(
              WHAT,
              "%s: client, control planes %d, nodes %d"
                  .formatted(
                      client,
                      planes.firstEntry().getValue().size(),
                      nodes.values().stream().mapToInt(List::size).sum())));
    }
    return found;
  }

  /** Each version, and a few that have it. */
  private static String text(NavigableMap<String, List<String>> all) {
    StringJoiner text = new StringJoiner("; ");
    all.forEach((version, names) -> text.add(version + " on " + few(names)));
    return text.toString();
  }

  private static String few(List<String> names) {
    String first = String.join(" ", names.subList(0, Math.min(MOST_NAMES, names.size())));
    int more = names.size() - MOST_NAMES;
    return more > 0 ? first + " and " + more + " more" : first;
  }
}
