package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who sites belong to. */
final class OrganisationCommands {
  private OrganisationCommands() {}

  /** Organisations. */
  @Command(
      name = "org",
      description = "Organisations, to which sites, certificates and tokens belong.",
      subcommands = {Add.class, ListAll.class, Remove.class})
  static final class Organisations extends Commands.Group {}

  @Command(name = "add", description = "Add an organisation.")
  static final class Add extends Commands {
    @Parameters(
        paramLabel = "ID",
        description = "2 to 12 of a-z and 0-9; its sites' ids begin with it; never used again")
    String id = "";

    @Option(names = "--name", description = "for people; its id by default")
    @Nullable String name;

    @Override
    public void run() {
      Map<String, String> body = new LinkedHashMap<>();
      body.put("id", id);
      if (name != null) {
        body.put("name", name);
      }
      JsonNode added = client().post("v1/organisations", Optional.of(body));
      if (!asJson(added)) {
        out().println("added " + added.path("id").asText());
        out().println("next: perigee token add NAME --role owner --org " + id);
      }
    }
  }

  @Command(name = "list", description = "All organisations.")
  static final class ListAll extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list("v1/organisations");
      if (!asJson(all)) {
        Table table = new Table("ID", "SITES", "SINCE", "NAME");
        for (JsonNode one : all.path("items")) {
          table.row(
              one.path("id").asText(),
              one.path("sites").asText(),
              one.path("madeAt").asText(),
              one.path("name").asText());
        }
        table.print(out());
      }
    }
  }

  @Command(
      name = "remove",
      description = "Remove an organisation that has no sites; its tokens are revoked.")
  static final class Remove extends Commands {
    @Parameters(paramLabel = "ID", description = "as org list shows it")
    String id = "";

    @Override
    public void run() {
      client().delete("v1/organisations/" + ApiClient.part(id));
      out().println(json ? "{}" : "removed " + id);
    }
  }
}
