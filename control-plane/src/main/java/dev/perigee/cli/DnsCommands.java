package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the zone holds beside sites and nodes. */
final class DnsCommands {
  private DnsCommands() {}

  /** The DNS. */
  @Command(
      name = "dns",
      description = "What the DNS answers beside sites and nodes, and what signs it.",
      subcommands = {
        Challenges.class,
        DnsKeyCommands.Keys.class,
        DnsKeyCommands.Ds.class,
        DnsCheckCommand.class
      })
  static final class Dns extends Commands.Group {}

  /** Challenges. */
  @Command(
      name = "challenge",
      description = "TXT records by which certificate authorities are shown who runs a name.",
      subcommands = {ChallengeList.class, ChallengeSet.class, ChallengeRemove.class})
  static final class Challenges extends Commands.Group {}

  @Command(name = "list", description = "All names with TXT records.")
  static final class ChallengeList extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list("v1/dns/challenges");
      if (!asJson(all)) {
        Table table = new Table("NAME", "SECONDS", "TEXTS");
        for (JsonNode one : all.path("items")) {
          table.row(
              one.path("name").asText(),
              one.path("ttlSeconds").asText(),
              joined(one.path("texts")));
        }
        table.print(out());
      }
    }
  }

  @Command(name = "set", description = "Set the TXT records of a name in place of those it has.")
  static final class ChallengeSet extends Commands {
    @Parameters(index = "0", paramLabel = "NAME", description = "as _acme-challenge.SITE.ZONE")
    String name = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "TEXT", description = "a record each")
    List<String> texts = new ArrayList<>();

    @Option(names = "--ttl", paramLabel = "SECONDS", description = "that resolvers keep them; 60")
    @Nullable Integer ttl;

    @Override
    public void run() {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("texts", texts);
      if (ttl != null) {
        body.put("ttlSeconds", ttl);
      }
      JsonNode set = client().put("v1/dns/challenges/" + ApiClient.part(name), body);
      if (!asJson(set)) {
        out()
            .printf(
                "%s: %d TXT records for %d s%n",
                set.path("name").asText(),
                set.path("texts").size(),
                set.path("ttlSeconds").asInt());
      }
    }
  }

  @Command(name = "remove", description = "Remove the TXT records of a name.")
  static final class ChallengeRemove extends Commands {
    @Parameters(paramLabel = "NAME", description = "as it was set")
    String name = "";

    @Override
    public void run() {
      client().delete("v1/dns/challenges/" + ApiClient.part(name));
      if (!json) {
        out().println(name + ": no TXT records any more");
      }
    }
  }
}
