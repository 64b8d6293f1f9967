package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Hosts of which an organisation proved control. */
final class HostCommands {
  private HostCommands() {}

  /** Hosts. */
  @Command(
      name = "host",
      description = "Hosts that are yours: proved by DNS or HTTP, or vouched for by an operator.",
      subcommands = {Prove.class, Check.class, ListAll.class, Vouch.class, Release.class})
  static final class Hosts extends Commands.Group {}

  /** One that is about a host. */
  abstract static class OfHost extends Commands {
    @Parameters(paramLabel = "HOST", description = "a host name or *.wildcard")
    String host = "";

    String path(String rest) {
      return "v1/hosts/" + ApiClient.part(host) + rest;
    }
  }

  /** One that is about a host and an organisation. */
  abstract static class OfOrganisation extends OfHost {
    @Option(names = "--org", description = "whose; your own, and an operator's choice: first")
    @Nullable String organisation;

    Optional<Map<String, ?>> order() {
      Map<String, String> body = new LinkedHashMap<>();
      body.put("host", host);
      if (organisation != null) {
        body.put("organisation", organisation);
      }
      return Optional.of(body);
    }
  }

  @Command(name = "prove", description = "Say how to prove that a host is yours.")
  static final class Prove extends OfOrganisation {
    @Override
    public void run() {
      JsonNode asked = client().post("v1/hosts", order());
      if (asJson(asked)) {
        return;
      }
      if (asked.path("proved").asBoolean()) {
        out().println(asked.path("host").asText() + " is yours already");
        return;
      }
      out().println("Set this TXT record:");
      out().println("  " + asked.path("txtName").asText() + " " + asked.path("token").asText());
      if (asked.has("url")) {
        out().println("or answer with this text alone, status 200:");
        out().println("  " + asked.path("content").asText());
        out().println("at:");
        out().println("  " + asked.path("url").asText());
      }
      out().println("then: perigee host check " + host);
    }
  }

  @Command(name = "check", description = "Look for the proof of a host now.")
  static final class Check extends OfHost {
    @Override
    public void run() {
      JsonNode checked = client().post(path("/check"), Optional.empty());
      if (!asJson(checked)) {
        out().println(host + " is yours, proved by " + checked.path("proof").asText());
      }
    }
  }

  @Command(name = "list", description = "The hosts that are proved or to be proved.")
  static final class ListAll extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list("v1/hosts");
      if (!asJson(all)) {
        Table table = new Table("HOST", "ORG", "PROOF", "AT");
        for (JsonNode one : all.path("items")) {
          table.row(
              one.path("host").asText(),
              one.path("organisation").asText(),
              one.path("proof").asText("asked for"),
              one.path("at").asText());
        }
        table.print(out());
      }
    }
  }

  @Command(name = "vouch", description = "Give a host to an organisation without proof.")
  static final class Vouch extends OfOrganisation {
    @Override
    public void run() {
      JsonNode claim = client().post("v1/hosts/vouch", order());
      if (!asJson(claim)) {
        out()
            .println(
                claim.path("host").asText() + " belongs to " + claim.path("organisation").asText());
      }
    }
  }

  @Command(name = "release", description = "Give a host up that no site uses.")
  static final class Release extends OfHost {
    @Override
    public void run() {
      client().delete(path(""));
      out().println(json ? "{}" : "released " + host);
    }
  }
}
