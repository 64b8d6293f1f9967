package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The edge CA, and its rotation. */
final class CaCommands {
  private static final String CA = "v1/ca";

  private CaCommands() {}

  /** The CA. */
  @Command(
      name = "ca",
      description = "The CA of nodes' and control planes' certificates, and its rotation.",
      subcommands = {Show.class, Rotate.class})
  static final class Ca extends Commands.Group {}

  /** Its rotation. */
  @Command(
      name = "rotate",
      description = {
        "Put a new CA in the place of this one, while everything goes on: begin, then switch, then"
            + " finish.",
        "Each step is refused while it would hurt; ca show says whom it waits for."
      },
      subcommands = {Begin.class, Switch.class, Finish.class, Cancel.class})
  static final class Rotate extends Commands.Group {}

  /** A command that tells how things stand. */
  abstract static class Telling extends Commands {
    void tell(JsonNode ca) {
      if (asJson(ca)) {
        return;
      }
      Table table = new Table("CA", "FINGERPRINT", "VALID UNTIL");
      for (String place : new String[] {"signing", "next", "before"}) {
        JsonNode one = ca.path(place);
        if (!one.isMissingNode()) {
          table.row(place, one.path("fingerprint").asText(), one.path("notAfter").asText());
        }
      }
      table.print(out());
      out().println(sentence(ca.path("stage").asText(), ca.path("waitingFor")));
    }

    private static String sentence(String stage, JsonNode waiting) {
      if (stage.equals("steady")) {
        return "no rotation is under way";
      }
      String next = stage.equals("announced") ? "switch" : "finish";
      if (waiting.isEmpty()) {
        return "next: perigee ca rotate " + next;
      }
      StringBuilder names = new StringBuilder(next + " waits for");
      waiting.forEach(name -> names.append(' ').append(name.asText()).append(','));
      return names.substring(0, names.length() - 1);
    }
  }

  @Command(name = "show", description = "The CA, how far a rotation is, and whom it waits for.")
  static final class Show extends Telling {
    @Override
    public void run() {
      tell(client().get(CA));
    }
  }

  @Command(
      name = "begin",
      description = {
        "Make a new CA. Control planes and nodes trust it beside this one, within seconds of being"
            + " connected."
      })
  static final class Begin extends Telling {
    @Override
    public void run() {
      tell(client().post(CA + "/begin", Optional.empty()));
    }
  }

  /** A step that may leave nodes behind. */
  abstract static class Forced extends Telling {
    @Option(
        names = "--force",
        description = "leave nodes behind that it would wait for; they are to be enrolled anew")
    boolean force;

    void step(String name) {
      tell(client().post(CA + "/" + name, Optional.of(Map.of("force", force))));
    }
  }

  @Command(
      name = "switch",
      description = {
        "Sign with the new CA; nodes renew their certificates by themselves. Join tokens from"
            + " before are of no use any more."
      })
  static final class Switch extends Forced {
    @Override
    public void run() {
      step("switch");
    }
  }

  @Command(name = "finish", description = "Trust the CA before no longer.")
  static final class Finish extends Forced {
    @Override
    public void run() {
      step("finish");
    }
  }

  @Command(name = "cancel", description = "Take back a new CA that does not sign yet.")
  static final class Cancel extends Telling {
    @Override
    public void run() {
      tell(client().post(CA + "/cancel", Optional.empty()));
    }
  }
}
