package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A site's rate limits: shown, or replaced from a file; and its bandwidth. */
@Command(
    name = "limits",
    description = "How many requests of a site are let in, and its bandwidth; shown, or set.")
final class SiteLimitsCommand extends Commands.SiteStaged {
  private static final Pattern BYTES = Pattern.compile("([0-9]{1,9})([kmg]?)");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(names = "--file", description = "JSON with the list of limits to set")
  @Nullable Path file;

  @Option(names = "--none", description = "back to no limit of requests")
  boolean none;

  @Option(
      names = "--bandwidth",
      paramLabel = "BYTES",
      description =
          "bytes a second that its readers get of each node, as 500k, 20m or 1g; 0 for what the"
              + " node's operator lets a site have")
  @Nullable String bandwidth;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (file == null && !none && bandwidth == null) {
      if (!asJson(found.path("limits"))) {
        show(found);
      }
      return;
    }
    if (file != null && none) {
      throw new Failure(Failure.USAGE, "give either --file or --none");
    }
    if (file != null || none) {
      found.set("limits", file == null ? JSON.createArrayNode() : SiteCacheCommand.read(file));
    }
    if (bandwidth != null) {
      found.put("bandwidth", bytes(bandwidth));
    }
    JsonNode changed = replace(path, found);
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed));
    }
  }

  /** Binary units, as the edge's own options have them. */
  private static long bytes(String text) {
    Matcher matcher = BYTES.matcher(text);
    if (!matcher.matches()) {
      throw new Failure(Failure.USAGE, "--bandwidth must be 0, or like 500k, 20m or 1g: " + text);
    }
    int power = " kmg".indexOf(matcher.group(2).isEmpty() ? " " : matcher.group(2));
    return Long.parseLong(matcher.group(1)) << (10 * power);
  }

  private void show(JsonNode site) {
    JsonNode limits = site.path("limits");
    if (limits.isEmpty() || site.path("bandwidth").asLong() > 0) {
      out().println(summary(site));
    }
    for (JsonNode limit : limits) {
      out().println(line(limit));
    }
  }

  /** One line for people. */
  static String summary(JsonNode site) {
    StringBuilder out = new StringBuilder();
    for (JsonNode limit : site.path("limits")) {
      out.append(out.isEmpty() ? "" : ", ").append(limit.path("name").asText());
    }
    out.append(out.isEmpty() ? "no limit" : "");
    long bandwidth = site.path("bandwidth").asLong();
    return bandwidth == 0 ? out.toString() : out + "; " + bandwidth + " bytes/s on each node";
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
