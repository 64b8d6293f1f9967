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

/** A site's hiding policy: shown as JSON, or replaced from a file of the same form. */
@Command(
    name = "hiding",
    description = {
      "What readers and origins do not learn of each other; shown, or set from a file.",
      "Secrets are never shown; one that the file leaves out stays as it is."
    })
final class SiteHidingCommand extends Commands.SiteStaged {
  static final JsonMapper JSON = JsonMapper.builder().build();

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(names = "--file", description = "JSON with the policy to set")
  @Nullable Path file;

  @Option(names = "--usual", description = "back to what every site hides")
  boolean usual;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (file == null && !usual) {
      out().println(Json.pretty(found.path("hiding")));
      return;
    }
    if (file != null && usual) {
      throw new Failure(Failure.USAGE, "give either --file or --usual");
    }
    found.set("hiding", file == null ? JSON.createObjectNode() : read(file));
    JsonNode changed = replace(path, found);
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed.path("hiding")));
    }
  }

  private static JsonNode read(Path file) {
    try {
      return JSON.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new Failure(Failure.USAGE, file + " is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, file + " cannot be read");
    }
  }

  /** One line for people. */
  static String summary(JsonNode hiding) {
    int pages = hiding.path("pages").size();
    return "rewriting %s; %d %s of its own; origin's errors %s; signing %s"
        .formatted(
            hiding.path("rewrite").asBoolean() ? "on" : "off",
            pages,
            pages == 1 ? "error page" : "error pages",
            hiding.path("replaceErrors").asBoolean() ? "replaced" : "passed on",
            hiding.path("signing").path("mode").asText());
  }
}
