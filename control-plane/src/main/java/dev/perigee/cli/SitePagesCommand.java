package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A site's error pages: listed, uploaded, taken away. */
@Command(
    name = "pages",
    description = {
      "A site's own error pages; listed, or changed.",
      "{status} and {request-id} in a page are filled in."
    })
final class SitePagesCommand extends Commands.SiteStaged {
  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(
      names = "--set",
      paramLabel = "STATUSES=FILE",
      description = "an HTML file for a status or class: 503=down.html, 5xx=sorry.html; repeatable")
  Map<String, Path> set = new LinkedHashMap<>();

  @Option(
      names = "--remove",
      paramLabel = "STATUSES",
      description = "back to the network's own; repeatable")
  List<String> remove = new ArrayList<>();

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (!set.isEmpty() || !remove.isEmpty()) {
      ((ObjectNode) found.path("hiding")).set("pages", changed(found.path("hiding").path("pages")));
      found = replace(path, found).deepCopy();
    }
    JsonNode pages = found.path("hiding").path("pages");
    if (!asJson(pages)) {
      Table table = new Table("STATUSES", "BYTES");
      for (JsonNode page : pages) {
        int bytes = page.path("html").asText().getBytes(StandardCharsets.UTF_8).length;
        table.row(page.path("statuses").asText(), Integer.toString(bytes));
      }
      table.print(out());
    }
  }

  private ArrayNode changed(JsonNode before) {
    Map<String, String> pages = new LinkedHashMap<>();
    before.forEach(page -> pages.put(page.path("statuses").asText(), page.path("html").asText()));
    for (String statuses : remove) {
      if (pages.remove(statuses) == null) {
        throw new Failure(Failure.USAGE, "there is no page for " + statuses);
      }
    }
    set.forEach((statuses, file) -> pages.put(statuses, read(file)));
    ArrayNode all = SiteHidingCommand.JSON.createArrayNode();
    pages.forEach((statuses, html) -> all.addObject().put("statuses", statuses).put("html", html));
    return all;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, file + " cannot be read as UTF-8 text");
    }
  }
}
