package dev.perigee.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A site's cache policy: shown as JSON, or replaced from a file of the same form. */
@Command(
    name = "cache",
    description = "A site's cache policy: rules, keys, shares; shown, or set from a file.")
final class SiteCacheCommand extends Commands.SiteStaged {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(names = "--file", description = "JSON with the policy to set")
  @Nullable Path file;

  @Option(names = "--usual", description = "back to no policy of its own")
  boolean usual;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (file == null && !usual) {
      out().println(Json.pretty(found.path("cache")));
      return;
    }
    if (file != null && usual) {
      throw new Failure(Failure.USAGE, "give either --file or --usual");
    }
    found.set("cache", file == null ? JSON.createObjectNode() : read(file));
    JsonNode changed = replace(path, found);
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed.path("cache")));
    }
  }

  static JsonNode read(Path file) {
    try {
      return JSON.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new Failure(Failure.USAGE, file + " is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, file + " cannot be read");
    }
  }

  /** One line for people. */
  static String summary(JsonNode cache) {
    JsonNode key = cache.path("key");
    int rules = cache.path("rules").size();
    String names = joined(key.path("names"));
    String query = key.path("query").asText() + (names.isEmpty() ? "" : " " + names);
    return "%d %s; query %s%s%s%s; heuristics %s"
        .formatted(
            rules,
            rules == 1 ? "rule" : "rules",
            query,
            key.path("sort").asBoolean() ? ", sorted" : "",
            key.path("device").asBoolean() ? "; by device" : "",
            key.path("country").asBoolean() ? "; by country" : "",
            cache.path("heuristics").asBoolean() ? "on" : "off");
  }
}
