package dev.perigee.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A site's rate limits: shown, or replaced from a file. */
@Command(
    name = "limits",
    description = "How many requests of a site are let in; shown, or set from a file.")
final class SiteLimitsCommand extends Commands.SiteStaged {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(names = "--file", description = "JSON with the list of limits to set")
  @Nullable Path file;

  @Option(names = "--none", description = "back to no limit")
  boolean none;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (file == null && !none) {
      if (!asJson(found.path("limits"))) {
        show(found.path("limits"));
      }
      return;
    }
    if (file != null && none) {
      throw new Failure(Failure.USAGE, "give either --file or --none");
    }
    found.set("limits", file == null ? JSON.createArrayNode() : SiteCacheCommand.read(file));
    JsonNode changed =
        replace(path, JSON.convertValue(found, new TypeReference<Map<String, Object>>() {}));
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed.path("limits")));
    }
  }

  private void show(JsonNode limits) {
    if (limits.isEmpty()) {
      out().println(summary(limits));
    }
    for (JsonNode limit : limits) {
      out().println(line(limit));
    }
  }

  /** One line for people. */
  static String summary(JsonNode limits) {
    StringBuilder out = new StringBuilder();
    for (JsonNode limit : limits) {
      out.append(out.isEmpty() ? "" : ", ").append(limit.path("name").asText());
    }
    return out.isEmpty() ? "no limit" : out.toString();
  }

  private static String line(JsonNode limit) {
    String field = limit.path("field").asText();
    String paths = joined(limit.path("paths"));
    String methods = joined(limit.path("methods"));
    return "%s: %d in %d s by %s%s, %s, %s%s%s%s"
        .formatted(
            limit.path("name").asText(),
            limit.path("requests").asLong(),
            limit.path("windowSeconds").asLong(),
            limit.path("by").asText(),
            field.isEmpty() ? "" : " " + field,
            limit.path("scope").asText().equals("fleet") ? "all nodes together" : "each node",
            limit.path("action").asText(),
            limit.path("missesOnly").asBoolean() ? ", misses only" : "",
            methods.isEmpty() ? "" : "; " + methods,
            paths.isEmpty() ? "" : "; " + paths);
  }
}
