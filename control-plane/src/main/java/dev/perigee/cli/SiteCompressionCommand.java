package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How a site's responses are compressed: shown, or changed. */
@Command(
    name = "compression",
    description = "How responses of a site are compressed at the edges; shown, or set.")
final class SiteCompressionCommand extends Commands.SiteStaged {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(
      names = "--enabled",
      arity = "1",
      description = "true: edges compress; false: they leave it alone")
  @Nullable Boolean enabled;

  @Option(
      names = "--coding",
      split = ",",
      description = "br, zstd or gzip, the preferred one first; repeatable, or divided by commas")
  @Nullable List<String> codings;

  @Option(
      names = "--type",
      split = ",",
      description = "a type that is compressed, text/html or text/*; 'usual' for the usual ones")
  @Nullable List<String> types;

  @Option(
      names = "--least",
      paramLabel = "BYTES",
      description = "smaller bodies are left as they are")
  @Nullable Integer least;

  @Option(
      names = "--personal",
      arity = "1",
      description =
          "true: that is compressed, too, which is private, sets cookies or was asked for with"
              + " credentials; its length can give a secret away (BREACH)")
  @Nullable Boolean personal;

  @Option(names = "--usual", description = "back to what is usual")
  boolean usual;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    boolean changes =
        enabled != null || codings != null || types != null || least != null || personal != null;
    if (!changes && !usual) {
      if (!asJson(found.path("compression"))) {
        out().println(summary(found.path("compression")));
      }
      return;
    }
    if (changes && usual) {
      throw new Failure(Failure.USAGE, "--usual stands alone");
    }
    found.set("compression", usual ? JSON.createObjectNode() : changed(found.path("compression")));
    JsonNode changed = replace(path, found);
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed.path("compression")));
    }
  }

  private ObjectNode changed(JsonNode before) {
    ObjectNode compression = before.deepCopy();
    if (enabled != null) {
      compression.put("enabled", enabled);
    }
    if (codings != null) {
      compression.set("codings", texts(codings));
    }
    if (types != null) {
      compression.set("types", types.equals(List.of("usual")) ? texts(List.of()) : texts(types));
    }
    if (least != null) {
      compression.put("leastBytes", least);
    }
    if (personal != null) {
      compression.put("personal", personal);
    }
    return compression;
  }

  private static ArrayNode texts(List<String> values) {
    ArrayNode texts = JSON.createArrayNode();
    values.forEach(texts::add);
    return texts;
  }

  /** One line for people. */
  static String summary(JsonNode compression) {
    if (!compression.path("enabled").asBoolean()) {
      return "off";
    }
    String types = joined(compression.path("types"));
    return "%s; %s, from %d bytes%s"
        .formatted(
            joined(compression.path("codings")),
            types.isEmpty() ? "usual types" : types,
            compression.path("leastBytes").asLong(),
            compression.path("personal").asBoolean() ? "; what is personal as well" : "");
  }
}
