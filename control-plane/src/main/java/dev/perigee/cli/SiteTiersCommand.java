package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which other nodes a site's misses go through: shown, or changed. */
@Command(
    name = "tiers",
    description = "Which other nodes a site's misses go through; shown, or changed.")
final class SiteTiersCommand extends Commands.SiteStaged {

  @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Option(
      names = "--shield",
      arity = "1",
      description = "true: through a shield, where there is one")
  @Nullable Boolean shield;

  @Option(
      names = "--pop-share",
      arity = "1",
      description = "true: the nodes of a region share what they store")
  @Nullable Boolean popShare;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (shield != null) {
      found.put("shield", shield);
    }
    if (popShare != null) {
      found.put("popShare", popShare);
    }
    boolean changes = shield != null || popShare != null;
    JsonNode now = changes ? replace(path, found) : found;
    if (!asJson(now)) {
      out().println(now.path("id").asText() + ": " + summary(now));
    }
  }

  /** One line for people. */
  static String summary(JsonNode site) {
    return (site.path("shield").asBoolean() ? "through a shield" : "no shield")
        + (site.path("popShare").asBoolean()
            ? "; shared inside a region"
            : "; every node stores for itself");
  }
}
