package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Steering: which node a client is sent to, why, and what if. */
final class SteerCommands {
  private SteerCommands() {}

  /** Steering. */
  @Command(
      name = "steer",
      description = "Which node a client is sent to.",
      subcommands = {Explain.class, Simulate.class, ZoneCommands.Zones.class})
  static final class Steer extends Commands.Group {}

  @Command(name = "explain", description = "Why a client goes where it goes.")
  static final class Explain extends Commands {
    @Option(names = "--client", description = "an IP address")
    String client = "";

    @Option(
        names = "--subnet",
        description = "instead: as for a DNS query with this client subnet, such as 192.0.2.0/24")
    String subnet = "";

    @Option(names = "--site", description = "its id or host; any site by default")
    String site = "";

    @Override
    public void run() {
      if (client.isEmpty() == subnet.isEmpty()) {
        throw new Failure(Failure.USAGE, "give either --client or --subnet");
      }
      String of =
          client.isEmpty()
              ? "subnet=" + ApiClient.part(subnet)
              : "client=" + ApiClient.part(client);
      String path = "v1/steer/explain?" + of;
      JsonNode answer =
          client().get(site.isEmpty() ? path : path + "&site=" + ApiClient.part(site));
      if (!asJson(answer)) {
        head(answer);
        table(answer.path("candidates")).print(out());
      }
    }

    private void head(JsonNode answer) {
      JsonNode position = answer.path("position");
      String where =
          position.isMissingNode()
              ? "position unknown, taken to be at the default one"
              : answer.path("country").asText("?")
                  + " "
                  + position.path("latitude").asText()
                  + ","
                  + position.path("longitude").asText()
                  + " by GeoIP";
      out().println("client   " + answer.path("client").asText() + "  (" + where + ")");
      out().println("zone     " + answer.path("zone").asText("none"));
      if (answer.has("pin")) {
        out().println("pin      kept within " + answer.path("pin").asText());
      }
      out()
          .println(
              "network  %s, answers are for /%d"
                  .formatted(answer.path("network").asText(), answer.path("scopePrefix").asInt()));
      JsonNode asked = answer.path("subnet");
      if (!asked.isMissingNode()) {
        out()
            .println(
                "subnet   source /%d, scope /%d (RFC 7871)"
                    .formatted(
                        asked.path("sourcePrefix").asInt(), asked.path("scopePrefix").asInt()));
      }
      String fallback = answer.path("fallback").asBoolean() ? "  (a fallback)" : "";
      out().println("node     " + answer.path("chosen").asText("none") + fallback);
      out().println();
    }

    private static Table table(JsonNode candidates) {
      Table table = new Table("NODE", "REGION", "KM", "PROBES", "LOAD", "WEIGHT", "WHY");
      for (JsonNode candidate : candidates) {
        table.row(
            candidate.path("node").asText(),
            candidate.path("region").asText(),
            candidate.path("distanceKm").asText("?"),
            probes(candidate.path("probes")),
            Math.round(100 * candidate.path("load").asDouble()) + " %",
            candidate.path("weight").asText(),
            candidate.path("reason").asText());
      }
      return table;
    }
  }

  /** What probes came to: nothing, up or down, and how many control planes say so. */
  private static String probes(JsonNode probes) {
    int reached = probes.path("reached").asInt();
    int all = reached + probes.path("unreached").asInt();
    if (all == 0) {
      return "-";
    }
    return probes.path("down").asBoolean()
        ? "down, %d of %d".formatted(all - reached, all)
        : "up, %d of %d".formatted(reached, all);
  }

  @Command(
      name = "simulate",
      description =
          "How clients share the nodes, and how they would without some; changes nothing.")
  static final class Simulate extends Commands {
    @Option(
        names = "--clients",
        required = true,
        paramLabel = "FILE|world",
        description = "an IP address on each line; world: some of every country")
    String clients = "";

    @Option(
        names = "--fail",
        split = ",",
        paramLabel = "REGION|NODE",
        description = "that would be gone; repeatable")
    List<String> fail = new ArrayList<>();

    @Option(names = "--site", description = "its id or host; any site by default")
    String site = "";

    @Override
    public void run() {
      Map<String, Object> order = new LinkedHashMap<>();
      order.put("clients", clients.equals("world") ? List.of() : read(Path.of(clients)));
      order.put("fail", fail);
      if (!site.isEmpty()) {
        order.put("site", site);
      }
      JsonNode answer = client().post("v1/steer/simulate", Optional.of(order));
      if (!asJson(answer)) {
        print(answer);
      }
    }

    private static List<String> read(Path file) {
      try {
        List<String> lines =
            Files.readAllLines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        if (lines.isEmpty()) {
          throw new Failure(Failure.USAGE, file + " has no address");
        }
        return lines;
      } catch (IOException e) {
        throw new Failure(Failure.USAGE, file + " cannot be read");
      }
    }

    private void print(JsonNode answer) {
      double all = Math.max(1, answer.path("clients").asInt());
      Table table = new Table("NODE", "REGION", "BEFORE", "AFTER");
      for (JsonNode share : answer.path("items")) {
        table.row(
            share.path("node").asText(),
            share.path("region").asText(),
            "%.1f %%".formatted(100 * share.path("before").asInt() / all),
            "%.1f %%".formatted(100 * share.path("after").asInt() / all));
      }
      table.print(out());
      out().println();
      out().println("%d clients".formatted(answer.path("clients").asInt()));
      line("before", answer.path("before"));
      line("after ", answer.path("after"));
    }

    private void line(String when, JsonNode distances) {
      out()
          .println(
              "%s  median %d km, 95 of 100 within %d km, %d without a node"
                  .formatted(
                      when,
                      distances.path("medianKm").asLong(),
                      distances.path("p95Km").asLong(),
                      distances.path("unanswered").asLong()));
    }
  }
}
