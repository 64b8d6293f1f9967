package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How a site's readers are steered to nodes: shown, or changed. */
@Command(
    name = "steering",
    description = "How a site's readers are steered to nodes; shown, or changed.")
final class SiteSteeringCommand extends Commands.SiteStaged {
  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(
      names = "--country",
      split = ",",
      paramLabel = "CODE",
      description = "readers there stay within these and the continents; DE,AT or none")
  List<String> countries = new ArrayList<>();

  @Option(
      names = "--continent",
      split = ",",
      paramLabel = "CODE",
      description = "the same by continent: AF, AN, AS, EU, NA, OC, SA or none")
  List<String> continents = new ArrayList<>();

  @Option(names = "--ttl", paramLabel = "SECONDS", description = "that resolvers keep addresses")
  @Nullable Integer ttl;

  @Option(
      names = "--nodes-per-object",
      paramLabel = "NODES",
      description = "of one region that share the requests for one object")
  @Nullable Integer nodesPerObject;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    ObjectNode steering = found.withObjectProperty("steering");
    ObjectNode before = steering.deepCopy();
    put(steering, "countries", countries);
    put(steering, "continents", continents);
    if (ttl != null) {
      steering.put("ttlSeconds", ttl);
    }
    if (nodesPerObject != null) {
      steering.put("nodesPerObject", nodesPerObject);
    }
    JsonNode now = before.equals(steering) ? found : replace(path, found);
    if (!asJson(now)) {
      out().println(now.path("id").asText() + ": " + summary(now.path("steering")));
    }
  }

  private static void put(ObjectNode steering, String field, List<String> codes) {
    if (!codes.isEmpty()) {
      ArrayNode list = steering.putArray(field);
      codes.stream().filter(code -> !code.equals("none")).forEach(list::add);
    }
  }

  /** One line for people. */
  static String summary(JsonNode steering) {
    String places =
        (joined(steering.path("countries")) + " " + joined(steering.path("continents"))).strip();
    return "%s; addresses kept for %d s; %d nodes for each object"
        .formatted(
            places.isEmpty() ? "to the nearest nodes" : "readers there stay within " + places,
            steering.path("ttlSeconds").asInt(),
            steering.path("nodesPerObject").asInt());
  }
}
