package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Coverage zones. */
final class ZoneCommands {
  private ZoneCommands() {}

  /** Networks that go where the operator says. */
  @Command(
      name = "zones",
      description = "Networks whose clients go to regions or nodes that you name.",
      subcommands = {Show.class, Apply.class})
  static final class Zones extends Commands.Group {}

  @Command(name = "show", description = "All zones, in the form that apply takes.")
  static final class Show extends Commands {
    @Override
    public void run() {
      JsonNode zones = client().get("v1/steer/zones");
      if (!asJson(zones)) {
        for (JsonNode zone : zones.path("items")) {
          out().println(zone.path("network").asText() + " " + joined(zone.path("targets")));
        }
      }
    }
  }

  @Command(
      name = "apply",
      description = {
        "Put the zones of a file in the place of all before. Each line: a network, then regions or",
        "nodes, the first first; # begins a comment. The longest prefix wins."
      })
  static final class Apply extends Commands {
    @Parameters(paramLabel = "FILE", description = "lines such as 192.0.2.0/24 eu-central fra-1")
    Path file = Path.of("");

    @Override
    public void run() {
      JsonNode now = client().put("v1/steer/zones", Map.of("items", read(file)));
      if (!asJson(now)) {
        out().println(now.path("items").size() + " zones in force");
      }
    }

    private static List<Map<String, Object>> read(Path file) {
      List<Map<String, Object>> zones = new ArrayList<>();
      List<String> lines;
      try {
        lines = Files.readAllLines(file);
      } catch (IOException e) {
        throw new Failure(Failure.USAGE, file + " cannot be read");
      }
      for (int i = 0; i < lines.size(); i++) {
        String line = lines.get(i).replaceFirst("#.*", "").strip();
        if (!line.isEmpty()) {
          List<String> words = List.of(line.split("\\s+", -1));
          if (words.size() < 2) {
            String place = file + ", line " + (i + 1);
            throw new Failure(Failure.USAGE, place + ": a network and where it goes: " + line);
          }
          Map<String, Object> zone = new LinkedHashMap<>();
          zone.put("network", words.getFirst());
          zone.put("targets", words.subList(1, words.size()));
          zones.add(zone);
        }
      }
      return zones;
    }
  }
}
