package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tokens of the API. */
final class TokenCommands {
  private static final Pattern LIFE = Pattern.compile("([0-9]{1,5})([dh])");

  private TokenCommands() {}

  /** Tokens. */
  @Command(
      name = "token",
      description = "Tokens by which people and programs come to the API.",
      subcommands = {Add.class, ListAll.class, Revoke.class, Self.class})
  static final class Tokens extends Commands.Group {}

  @Command(name = "add", description = "Make a token; its secret is shown once.")
  static final class Add extends Commands {
    @Parameters(paramLabel = "NAME", description = "what is to hold it, such as ann or ci")
    String name = "";

    @Option(
        names = "--role",
        required = true,
        description = {
          "owner: everything of an organisation, its tokens too; editor: changes sites; viewer:",
          "looks at them; purge-only; operator: runs the network"
        })
    String role = "";

    @Option(names = "--org", description = "whose; your own, and an operator's choice: first")
    @Nullable String organisation;

    @Option(
        names = "--site",
        description =
            "id or host: good for this one alone, for editor, viewer, purge-only;" + " repeatable")
    List<String> sites = new ArrayList<>();

    @Option(names = "--expires", paramLabel = "TIME", description = "from now: 30d, 12h; never")
    @Nullable String expires;

    @Override
    public void run() {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("name", name);
      body.put("role", role);
      if (organisation != null) {
        body.put("organisation", organisation);
      }
      if (!sites.isEmpty()) {
        body.put("sites", sites);
      }
      if (expires != null) {
        body.put("lifeHours", hours(expires));
      }
      JsonNode made = client().post("v1/tokens", Optional.of(body));
      if (!asJson(made)) {
        out().println("token " + made.path("id").asText() + " of " + name + " (" + role + "):");
        out().println(made.path("secret").asText());
        out().println("It is not shown again. Use it as PERIGEE_TOKEN, or in a --token-file.");
      }
    }

    private static long hours(String text) {
      Matcher matcher = LIFE.matcher(text);
      if (!matcher.matches()) {
        throw new Failure(Failure.USAGE, "--expires must be such as 30d or 12h: " + text);
      }
      long count = Long.parseLong(matcher.group(1));
      return matcher.group(2).equals("d") ? count * 24 : count;
    }
  }

  @Command(name = "list", description = "The tokens, without their secrets.")
  static final class ListAll extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list("v1/tokens");
      if (!asJson(all)) {
        Table table = new Table("NAME", "ROLE", "ORG", "SITES", "STATE", "LAST USED", "ID");
        for (JsonNode one : all.path("items")) {
          table.row(
              one.path("name").asText(),
              one.path("role").asText(),
              one.path("organisation").asText("-"),
              one.has("sites") ? joined(one.path("sites")) : "all",
              state(one),
              one.path("usedAt").asText("never"),
              one.path("id").asText());
        }
        table.print(out());
      }
    }

    private static String state(JsonNode token) {
      if (token.has("revokedAt")) {
        return "revoked";
      }
      return token.has("expiresAt") ? "until " + token.path("expiresAt").asText() : "good";
    }
  }

  @Command(name = "revoke", description = "Revoke a token, at once.")
  static final class Revoke extends Commands {
    @Parameters(paramLabel = "ID", description = "as token list shows it")
    String id = "";

    @Override
    public void run() {
      client().delete("v1/tokens/" + ApiClient.part(id));
      out().println(json ? "{}" : "revoked " + id);
    }
  }

  @Command(name = "self", description = "What the token in use is good for.")
  static final class Self extends Commands {
    @Override
    public void run() {
      JsonNode self = client().get("v1/self");
      if (!asJson(self)) {
        out().println("name         " + self.path("name").asText());
        out().println("role         " + self.path("role").asText());
        out().println("organisation " + self.path("organisation").asText("all"));
        out().println("sites        " + (self.has("sites") ? joined(self.path("sites")) : "all"));
        out().println("expires      " + self.path("expiresAt").asText("never"));
      }
    }
  }
}
