package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** How each node sees a site's origins. */
@Command(name = "health", description = "How each node sees the site's origin servers.")
final class SiteHealthCommand extends Commands {
  private static final double MICROS_PER_MILLI = 1_000;

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Override
  public void run() {
    JsonNode health = client().get("v1/sites/" + ApiClient.part(site) + "/health");
    if (asJson(health)) {
      return;
    }
    Table table =
        new Table(
            "NODE",
            "POOL",
            "SERVER",
            "STANDING",
            "CHECK",
            "ACTIVE",
            "MILLIS",
            "REQUESTS",
            "FAILED");
    for (JsonNode node : health.path("nodes")) {
      for (JsonNode server : node.path("servers")) {
        table.row(
            node.path("node").asText(),
            server.path("pool").asText(),
            server.path("url").asText(),
            server.path("standing").asText(),
            server.path("check").asText("-"),
            server.path("active").asText(),
            String.format(
                Locale.ROOT, "%.1f", server.path("latencyMicros").asLong() / MICROS_PER_MILLI),
            server.path("requests").asText(),
            server.path("failures").asText());
      }
    }
    table.print(out());
  }
}
