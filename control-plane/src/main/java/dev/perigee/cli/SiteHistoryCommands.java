package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a site was before: listed, compared, put in force again. */
final class SiteHistoryCommands {
  private SiteHistoryCommands() {}

  @Command(name = "history", description = "The revisions of a site, newest first.")
  static final class History extends Commands {
    @Parameters(
        paramLabel = "SITE",
        description = "its id or one of its hosts; of a removed one its id")
    String site = "";

    @Override
    public void run() {
      JsonNode history = client().list("v1/sites/" + ApiClient.part(site) + "/history");
      if (!asJson(history)) {
        Table table = new Table("REVISION", "WHAT", "WHEN", "WHO", "NOTE");
        for (JsonNode revision : history.path("items")) {
          table.row(
              revision.path("revision").asText(),
              revision.path("kind").asText(),
              revision.path("at").asText().replaceFirst("\\.[0-9]+Z$", "Z"),
              revision.path("who").asText(),
              revision.path("note").asText());
        }
        table.print(out());
      }
    }
  }

  @Command(name = "diff", description = "What changed between two revisions of a site, by field.")
  static final class Diff extends Commands {
    @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
    String site = "";

    @Option(
        names = "--from",
        paramLabel = "REVISION",
        description = "the one before --to by default")
    @Nullable Long from;

    @Option(names = "--to", paramLabel = "REVISION", description = "the newest by default")
    @Nullable Long to;

    @Override
    public void run() {
      StringJoiner query = new StringJoiner("&", "?", "").setEmptyValue("");
      if (from != null) {
        query.add("from=" + from);
      }
      if (to != null) {
        query.add("to=" + to);
      }
      JsonNode diff = client().get("v1/sites/" + ApiClient.part(site) + "/diff" + query);
      if (!asJson(diff)) {
        print(diff);
      }
    }

    private void print(JsonNode diff) {
      out().println("from " + head(diff.path("from")));
      out().println("to   " + head(diff.path("to")));
      if (diff.path("items").isEmpty()) {
        out().println("no field differs");
      }
      for (JsonNode change : diff.path("items")) {
        String field = change.path("field").asText();
        if (change.has("before")) {
          out().println("- " + field + ": " + change.path("before").asText());
        }
        if (change.has("after")) {
          out().println("+ " + field + ": " + change.path("after").asText());
        }
      }
    }

    private static String head(JsonNode revision) {
      String note = revision.path("note").asText();
      return "revision %d, %s at %s%s"
          .formatted(
              revision.path("revision").asLong(),
              revision.path("kind").asText(),
              revision.path("at").asText(),
              note.isEmpty() ? "" : ": " + note);
    }
  }

  @Command(
      name = "rollback",
      description = "Put an earlier revision's settings in force, as a new change.")
  static final class Rollback extends Commands.SiteStaged {
    @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
    String site = "";

    @Option(
        names = "--to",
        paramLabel = "REVISION",
        required = true,
        description = "as site history shows it")
    long to;

    @Option(
        names = "--if-revision",
        paramLabel = "REVISION",
        description = "only while this is the newest; the one that is, by default")
    @Nullable Long ifRevision;

    @Override
    public void run() {
      String path = "v1/sites/" + ApiClient.part(site);
      ApiClient client = client();
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("to", to);
      body.put(
          "revision", ifRevision == null ? client.get(path).path("revision").asLong() : ifRevision);
      if (isStaged()) {
        asJson(begin(path, body));
        return;
      }
      JsonNode now = client.post(noted(path + "/rollback"), Optional.of(body));
      if (!asJson(now)) {
        out()
            .println(
                "%s is as it was at revision %d; this is revision %d"
                    .formatted(now.path("id").asText(), to, now.path("revision").asLong()));
      }
    }
  }
}
