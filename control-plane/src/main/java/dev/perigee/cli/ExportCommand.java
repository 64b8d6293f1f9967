package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes the sites of an organisation as a file that {@code perigee apply} takes. */
@Command(
    name = "export",
    description = {
      "Write the sites of an organisation as YAML for perigee apply. Keys and secrets of origins",
      "are not in it; they stay what they are when it is applied."
    })
final class ExportCommand extends Commands {
  @Option(names = "--org", description = "whose; your own, and an operator's choice: first")
  @Nullable String organisation;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "where to; standard output by default")
  @Nullable Path output;

  @Override
  public void run() {
    String own = client().get("v1/self").path("organisation").asText("first");
    String whose = organisation == null ? own : organisation;
    JsonNode sites = client().list("v1/sites?organisation=" + ApiClient.part(whose));
    if (asJson(sites)) {
      return;
    }
    String text = SiteFile.of(Optional.of(whose), sites.path("items")).write();
    if (output == null) {
      out().print(text);
      out().flush();
      return;
    }
    try {
      Files.writeString(output, text);
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, "cannot be written: " + output);
    }
    out().println("wrote " + sites.path("items").size() + " sites to " + output);
  }
}
