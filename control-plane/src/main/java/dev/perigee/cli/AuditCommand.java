package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Who changed what, and who was refused. */
@Command(name = "audit", description = "Who changed what, and who was refused; the newest first.")
final class AuditCommand extends Commands {
  @Option(names = "--org", description = "of this organisation alone")
  @Nullable String organisation;

  @Option(
      names = "--limit",
      defaultValue = "50",
      description = "rows; ${DEFAULT-VALUE}, 200 at most")
  int limit;

  @Option(names = "--who", description = "by the token of this name")
  @Nullable String who;

  @Option(names = "--result", description = "done, or refused")
  @Nullable String result;

  @Option(names = "--before", paramLabel = "ID", description = "those before this row")
  @Nullable Long before;

  @Override
  public void run() {
    String query = "v1/audit?limit=" + limit;
    if (organisation != null) {
      query += "&organisation=" + ApiClient.part(organisation);
    }
    if (who != null) {
      query += "&who=" + ApiClient.part(who);
    }
    if (result != null) {
      query += "&result=" + ApiClient.part(result);
    }
    if (before != null) {
      query += "&after=" + before;
    }
    JsonNode page = client().get(query);
    if (asJson(page)) {
      return;
    }
    Table table =
        new Table("AT", "WHO", "ROLE", "ORG", "WHAT", "TARGET", "RESULT", "TIMES", "ADDRESS");
    for (JsonNode row : page.path("items")) {
      String outcome = row.path("result").asText();
      table.row(
          row.path("at").asText(),
          row.path("who").asText().isEmpty() ? "-" : row.path("who").asText(),
          row.path("role").asText("-"),
          row.path("organisation").asText("-"),
          row.path("operation").asText(),
          row.path("target").asText(),
          outcome.equals("done") ? outcome : outcome + " " + row.path("status").asText(),
          row.path("times").asText(),
          row.path("address").asText());
    }
    table.print(out());
    if (page.has("next")) {
      out().println("more: perigee audit --before " + page.path("next").asText());
    }
  }
}
