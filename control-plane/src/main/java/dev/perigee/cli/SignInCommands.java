package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who may sign in at the console by way of an OpenID provider. */
final class SignInCommands {
  private SignInCommands() {}

  /** Sign-ins. */
  @Command(
      name = "sign-in",
      description = {
        "Who may sign in at the console by way of the OpenID provider that the control plane names",
        "(--oidc-issuer), and as what."
      },
      subcommands = {Add.class, ListAll.class, Remove.class})
  static final class SignIns extends Commands.Group {}

  /** What the provider says of a person. */
  static final class Named {
    @Option(names = "--email", description = "somebody with this address, which it has verified")
    @Nullable String email;

    @Option(names = "--group", description = "everybody of this group")
    @Nullable String group;

    @Option(names = "--sub", description = "the person that it calls so; never changes")
    @Nullable String sub;

    private void put(Map<String, Object> body) {
      String claim = email != null ? "email" : group != null ? "group" : "sub";
      body.put("claim", claim);
      body.put("value", email != null ? email : group != null ? group : String.valueOf(sub));
    }
  }

  @Command(name = "add", description = "Let somebody sign in.")
  static final class Add extends Commands {
    @ArgGroup(multiplicity = "1")
    Named named = new Named();

    @Option(
        names = "--role",
        required = true,
        description = "operator, owner, editor, viewer or purge-only, as of perigee token add")
    String role = "";

    @Option(names = "--org", description = "whose; first by default, none for operators")
    @Nullable String organisation;

    @Option(
        names = "--site",
        description = "id or host: for this one alone, for editor, viewer, purge-only; repeatable")
    List<String> sites = new ArrayList<>();

    @Override
    public void run() {
      Map<String, Object> body = new LinkedHashMap<>();
      named.put(body);
      body.put("role", role);
      if (organisation != null) {
        body.put("organisation", organisation);
      }
      if (!sites.isEmpty()) {
        body.put("sites", sites);
      }
      JsonNode added = client().post("v1/sign-ins", Optional.of(body));
      if (!asJson(added)) {
        out().println("added " + added.path("id").asText() + ": " + sentence(added));
      }
    }

    private static String sentence(JsonNode added) {
      return added.path("claim").asText()
          + " "
          + added.path("value").asText()
          + " signs in as "
          + added.path("role").asText()
          + (added.has("organisation") ? " of " + added.path("organisation").asText() : "");
    }
  }

  @Command(name = "list", description = "All who may.")
  static final class ListAll extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list("v1/sign-ins");
      if (!asJson(all)) {
        Table table = new Table("ID", "WHO", "ROLE", "ORG", "SITES", "SINCE");
        for (JsonNode one : all.path("items")) {
          List<String> sites = new ArrayList<>();
          one.path("sites").forEach(site -> sites.add(site.asText()));
          table.row(
              one.path("id").asText(),
              one.path("claim").asText() + " " + one.path("value").asText(),
              one.path("role").asText(),
              one.path("organisation").asText("-"),
              sites.isEmpty() ? "all" : String.join(" ", sites),
              one.path("madeAt").asText());
        }
        table.print(out());
      }
    }
  }

  @Command(
      name = "remove",
      description = "Let them sign in no more; who did is signed out at once.")
  static final class Remove extends Commands {
    @Parameters(paramLabel = "ID", description = "as sign-in list shows it")
    String id = "";

    @Override
    public void run() {
      client().delete("v1/sign-ins/" + ApiClient.part(id));
      out().println(json ? "{}" : "removed " + id);
    }
  }
}
