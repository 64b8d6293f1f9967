package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether a site asks its readers for certificates: shown, or changed. */
@Command(
    name = "client-certificates",
    description = "Whether readers of a site are asked for certificates; shown, or set.")
final class SiteClientCertificatesCommand extends Commands.SiteStaged {
  private static final String FIELD = "clientCertificates";

  @Parameters(index = "0", paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "MODE",
      description = "required: who has none is not let in; optional; or off")
  @Nullable String mode;

  @Option(
      names = "--authorities",
      paramLabel = "FILE",
      description = "PEM certificates of those who sign the readers'")
  @Nullable Path authorities;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    ObjectNode found = client().get(path).deepCopy();
    if (mode == null && authorities == null) {
      if (!asJson(found.path(FIELD))) {
        out().println(summary(found.path(FIELD)));
      }
      return;
    }
    ObjectNode asked = found.withObject("/" + FIELD);
    if (mode != null) {
      asked.put("mode", mode);
    }
    if (authorities != null) {
      asked.put("authorities", read(authorities));
    }
    JsonNode changed = replace(path, found);
    if (!asJson(changed)) {
      out().println(changed.path("id").asText() + ": " + summary(changed.path(FIELD)));
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, "cannot be read: " + file);
    }
  }

  /** One line for people. */
  static String summary(JsonNode asked) {
    int count = asked.path("authorities").asText().split("-----BEGIN ", -1).length - 1;
    return asked.path("mode").asText()
        + (count == 0 ? "" : ", of " + count + (count == 1 ? " authority" : " authorities"));
  }
}
