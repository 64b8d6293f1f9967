package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
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
  private static final long STEP_SECONDS = 2;

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
    JsonNode purge = client.post("v1/purges", Optional.of(body));
    String id = purge.path("id").asText();
    long left = seconds;
    while (wait && !purge.path("complete").asBoolean() && left > 0) {
      long step = Math.min(STEP_SECONDS, left);
      purge = client.get("v1/purges/" + id + "?wait=" + step + "s");
      left -= step;
      progress(purge);
    }
    finish(purge);
  }

  private void progress(JsonNode purge) {
    if (!json && !purge.path("complete").asBoolean()) {
      int applied = purge.path("applied").size();
      int all = applied + purge.path("late").size();
      spec.commandLine().getErr().printf("applied on %d of %d nodes%n", applied, all);
      spec.commandLine().getErr().flush();
    }
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
              + joined(purge.path("late"))
              + "; they apply it before their next hit: perigee purge show "
              + purge.path("id").asText());
    }
  }

  private static String sentence(JsonNode purge) {
    int applied = purge.path("applied").size();
    int all = applied + purge.path("late").size();
    String time =
        purge.has("slowestMillis") && applied > 0
            ? ", the slowest after " + purge.path("slowestMillis").asLong() + " ms"
            : "";
    return "purge %d (%s): applied on %d of %d nodes%s"
        .formatted(purge.path("number").asLong(), purge.path("id").asText(), applied, all, time);
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
          out().println("late: " + joined(purge.path("late")));
        }
      }
    }
  }
}
