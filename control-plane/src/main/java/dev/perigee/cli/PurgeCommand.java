package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Purges, and waits for their receipts. */
@Command(
    name = "purge",
    description = "Clear what changed from every node.",
    subcommands = PurgeCommand.Show.class)
final class PurgeCommand extends Commands {
  @Option(names = "--site", description = "its id or one of its hosts")
  @Nullable String site;

  @Option(names = "--url", description = "one URL with all its variants")
  @Nullable String url;

  @Option(names = "--prefix", description = "every path that starts so")
  @Nullable String prefix;

  @Option(names = "--host", description = "everything of one host of the site")
  @Nullable String host;

  @Option(names = "--tag", description = "everything tagged so by the origin")
  @Nullable String tag;

  @Option(names = "--everything", description = "all of the site; without --site of all sites")
  boolean everything;

  @Option(names = "--soft", description = "make it stale instead of removing it")
  boolean soft;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "repeated with the same key within a day, it is the same purge")
  @Nullable String key;

  @Option(names = "--wait", description = "until every node has applied it")
  boolean wait;

  @Option(names = "--timeout", defaultValue = "30s", description = "of --wait; ${DEFAULT-VALUE}")
  String timeout = "";

  @Override
  public void run() {
    long seconds = seconds(timeout);
    Map<String, Object> body = new LinkedHashMap<>();
    put(body, "site", site);
    put(body, "url", url);
    put(body, "prefix", prefix);
    put(body, "host", host);
    put(body, "tag", tag);
    if (everything) {
      body.put("everything", true);
    }
    body.put("soft", soft);
    ApiClient client = client();
    JsonNode purge =
        client.post("v1/purges", body, key == null ? Map.of() : Map.of("Idempotency-Key", key));
    finish(wait ? follow(client, purge, seconds) : purge);
  }

  private JsonNode follow(ApiClient client, JsonNode issued, long seconds) {
    ProgressBar bar = ProgressBar.to(spec.commandLine().getErr());
    JsonNode purge = issued;
    String id = ApiClient.part(purge.path("id").asText());
    for (long left = seconds; !purge.path("complete").asBoolean() && left > 0; left--) {
      progress(bar, purge);
      purge = client.get("v1/purges/" + id + "?wait=1s");
    }
    progress(bar, purge);
    bar.end();
    return purge;
  }

  private void progress(ProgressBar bar, JsonNode purge) {
    if (!json) {
      long applied = purge.path("appliedNodes").asLong();
      long all = purge.path("nodes").asLong();
      String late = late(purge);
      bar.show(
          applied,
          all,
          "applied on %d of %d nodes%s"
              .formatted(applied, all, late.isEmpty() ? "" : ", late: " + late));
    }
  }

  /** Names of the late nodes, with a word for those that are not there. */
  private static String late(JsonNode purge) {
    Set<String> offline = new HashSet<>();
    purge.path("offline").forEach(node -> offline.add(node.asText()));
    StringJoiner late = new StringJoiner(" ");
    for (JsonNode node : purge.path("late")) {
      late.add(node.asText() + (offline.contains(node.asText()) ? " (offline)" : ""));
    }
    return late.toString();
  }

  private void finish(JsonNode purge) {
    boolean complete = purge.path("complete").asBoolean();
    if (!asJson(purge)) {
      out().println(sentence(purge));
    }
    if (wait && !complete) {
      out().flush();
      throw new Failure(
          Failure.UNREACHABLE,
          "not applied in time on "
              + late(purge)
              + "; they apply it before their next hit: perigee purge show "
              + purge.path("id").asText());
    }
  }

  private static String sentence(JsonNode purge) {
    JsonNode timing = purge.path("timing");
    String times =
        timing.isMissingNode()
            ? ""
            : ", p50 %d ms, p99 %d ms, max %d ms"
                .formatted(
                    timing.path("p50Millis").asLong(),
                    timing.path("p99Millis").asLong(),
                    timing.path("maxMillis").asLong());
    return "purge %d (%s): applied on %d of %d nodes%s"
        .formatted(
            purge.path("number").asLong(),
            purge.path("id").asText(),
            purge.path("appliedNodes").asLong(),
            purge.path("nodes").asLong(),
            times);
  }

  private static void put(Map<String, Object> body, String field, @Nullable String value) {
    if (value != null) {
      body.put(field, value);
    }
  }

  private static long seconds(String text) {
    if (!text.matches("[0-9]{1,4}(s|m)?")) {
      throw new Failure(Failure.USAGE, "--timeout must be such as 30s or 2m: " + text);
    }
    long number = Long.parseLong(text.replaceAll("[sm]", ""));
    return text.endsWith("m") ? number * 60 : number;
  }

  @Command(name = "show", description = "A purge's receipt.")
  static final class Show extends Commands {
    @Parameters(paramLabel = "ID", description = "as purge printed it")
    String id = "";

    @Override
    public void run() {
      JsonNode purge = client().get("v1/purges/" + ApiClient.part(id));
      if (!asJson(purge)) {
        out().println(sentence(purge));
        if (!purge.path("complete").asBoolean()) {
          out().println("late: " + late(purge));
        }
      }
    }
  }
}
