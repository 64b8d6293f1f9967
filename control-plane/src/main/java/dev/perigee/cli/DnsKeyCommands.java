package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The keys that sign the zone. */
final class DnsKeyCommands {
  private static final String KEYS = "v1/dns/keys";

  private DnsKeyCommands() {}

  /** Keys. */
  @Command(
      name = "key",
      description = {
        "The keys that sign the zone (DNSSEC); with none it is not signed. A roll: key add, an"
            + " hour",
        "later key roll, the new DS to the parent, key ds-gone of the old, a day later key retire."
      },
      subcommands = {KeyList.class, KeyAdd.class, KeyRoll.class, KeyDsGone.class, KeyRetire.class})
  static final class Keys extends Commands.Group {}

  @Command(name = "list", description = "All keys, and what comes next for each.")
  static final class KeyList extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list(KEYS);
      if (!asJson(all)) {
        Table table = new Table("TAG", "STATE", "PUBLISHED", "NEXT");
        for (JsonNode key : all.path("items")) {
          table.row(
              key.path("tag").asText(),
              key.path("state").asText(),
              key.path("publishedAt").asText(),
              key.path("next").asText());
        }
        table.print(out());
      }
    }
  }

  /** A command that tells of one key. */
  abstract static class Step extends Commands {
    void tell(JsonNode key) {
      if (!asJson(key)) {
        out()
            .printf(
                "key %d is %s; %s%n",
                key.path("tag").asInt(), key.path("state").asText(), key.path("next").asText());
      }
    }
  }

  @Command(
      name = "add",
      description = "Make a key. The first signs the zone at once; a second is for a roll.")
  static final class KeyAdd extends Step {
    @Override
    public void run() {
      tell(client().post(KEYS, Optional.empty()));
    }
  }

  @Command(name = "roll", description = "Sign with the new key in place of the one that signs.")
  static final class KeyRoll extends Step {
    @Override
    public void run() {
      tell(client().post(KEYS + "/roll", Optional.empty()));
    }
  }

  @Command(
      name = "ds-gone",
      description = "Say that the parent's servers have no DS of a key any more.")
  static final class KeyDsGone extends Step {
    @Parameters(paramLabel = "TAG", description = "as key list shows it")
    String tag = "";

    @Option(
        names = "--ttl",
        paramLabel = "SECONDS",
        description = "for which resolvers kept that DS; 86400")
    @Nullable Integer ttl;

    @Override
    public void run() {
      Map<String, Object> body = new LinkedHashMap<>();
      if (ttl != null) {
        body.put("ttlSeconds", ttl);
      }
      tell(client().post(KEYS + "/" + ApiClient.part(tag) + "/ds-gone", Optional.of(body)));
    }
  }

  @Command(
      name = "retire",
      description = "Take a key out of the zone. With the last one the zone is not signed.")
  static final class KeyRetire extends Commands {
    @Parameters(paramLabel = "TAG", description = "as key list shows it")
    String tag = "";

    @Override
    public void run() {
      client().delete(KEYS + "/" + ApiClient.part(tag));
      out().println(json ? "{}" : "key " + tag + " is out of the zone");
    }
  }

  @Command(name = "ds", description = "The DS record that the zone's parent should have.")
  static final class Ds extends Commands {
    @Override
    public void run() {
      JsonNode all = client().list(KEYS);
      if (asJson(all)) {
        return;
      }
      boolean signed = false;
      for (JsonNode key : all.path("items")) {
        if (key.path("state").asText().equals("signing")) {
          signed = true;
          out().printf("%s. IN DS %s%n", all.path("zone").asText(), key.path("ds").asText());
          out().printf("; not before %s%n", key.path("dsFrom").asText());
        }
      }
      if (!signed) {
        throw new Failure(
            Failure.REFUSED, "the zone is not signed: make a key first (perigee dns key add)");
      }
    }
  }
}
