package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A site's pools of origin servers: shown as JSON, or replaced from a file of the same form. */
@Command(
    name = "pools",
    description = "A site's pools of origin servers; shown, or set from a file.")
final class SitePoolsCommand extends Commands.SiteStaged {

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(names = "--file", description = "JSON with the pools to set")
  @Nullable Path file;

  @Option(names = "--usual", description = "back to one usual pool of the default pool's servers")
  boolean usual;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (file == null && !usual) {
      out().println(Json.pretty(found.path("originPools")));
      return;
    }
    if (file != null && usual) {
      throw new Failure(Failure.USAGE, "give either --file or --usual");
    }
    if (file == null) {
      found.remove("originPools");
    } else {
      found.remove("origins");
      found.set("originPools", SiteCacheCommand.read(file));
    }
    JsonNode changed = replace(path, found);
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed.path("originPools")));
    }
  }

  /** One line for people. */
  static String summary(JsonNode pools) {
    StringJoiner line = new StringJoiner("; ");
    for (JsonNode pool : pools.path("pools")) {
      int servers = pool.path("servers").size();
      line.add(
          "%s: %d %s, %s"
              .formatted(
                  pool.path("name").asText(),
                  servers,
                  servers == 1 ? "server" : "servers",
                  pool.path("balance").path("algorithm").asText()));
    }
    int routes = pools.path("routes").size();
    line.setEmptyValue("one pool of the usual kind");
    return line
        + (routes == 0 ? "" : "; %d %s".formatted(routes, routes == 1 ? "route" : "routes"));
  }
}
