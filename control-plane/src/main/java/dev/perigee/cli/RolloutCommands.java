package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Changes of sites that some nodes have first. */
final class RolloutCommands {
  private RolloutCommands() {}

  /** Rollouts. */
  @Command(
      name = "rollout",
      description = "Changes of sites that some nodes have first.",
      subcommands = {RolloutList.class, Show.class, Promote.class, Halt.class, Wait.class})
  static final class Rollouts extends Commands.Group {}

  @Command(name = "list", description = "Those that are under way.")
  static final class RolloutList extends Commands {
    @Override
    public void run() {
      JsonNode rollouts = client().list("v1/rollouts");
      if (!asJson(rollouts)) {
        rollouts.path("items").forEach(rollout -> out().println(sentence(rollout)));
      }
    }
  }

  /** A command about one rollout. */
  abstract static class OnRollout extends Commands {
    @Parameters(paramLabel = "ID", description = "as the change printed it")
    String id = "";

    String path() {
      return "v1/rollouts/" + ApiClient.part(id);
    }

    void print(JsonNode rollout) {
      if (!asJson(rollout)) {
        out().println(sentence(rollout));
        Table table = new Table("CANARY", "STATE", "REQUESTS", "5XX");
        for (JsonNode canary : rollout.path("canaries")) {
          table.row(
              canary.path("node").asText(),
              canary.has("appliedAt")
                  ? "taken"
                  : canary.path("connected").asBoolean() ? "not yet" : "offline",
              canary.path("requests").asText(),
              canary.path("errors").asText());
        }
        JsonNode others = rollout.path("others");
        table.row("(others)", "", others.path("requests").asText(), others.path("errors").asText());
        table.print(out());
      }
    }
  }

  @Command(name = "show", description = "One, with what its canaries answered.")
  static final class Show extends OnRollout {
    @Override
    public void run() {
      print(client().get(path()));
    }
  }

  @Command(name = "promote", description = "Give it to every node.")
  static final class Promote extends OnRollout {
    @Override
    public void run() {
      JsonNode rollout = client().post(path() + "/promote", Optional.empty());
      print(rollout);
      refuseHalted(rollout);
    }
  }

  @Command(name = "halt", description = "Take it from its canaries.")
  static final class Halt extends OnRollout {
    @Override
    public void run() {
      print(client().post(path() + "/halt", Optional.empty()));
    }
  }

  @Command(name = "wait", description = "Until it is promoted; exit code 1 where it is halted.")
  static final class Wait extends OnRollout {
    @Override
    public void run() {
      print(follow(client(), client().get(path()), spec.commandLine().getErr()));
    }
  }

  /** Waits until it is promoted or halted. */
  static JsonNode follow(ApiClient client, JsonNode begun, PrintWriter err) {
    JsonNode rollout = begun;
    ProgressBar bar = ProgressBar.to(err);
    while (rollout.path("state").asText().equals("canary")) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      rollout = client.get("v1/rollouts/" + ApiClient.part(rollout.path("id").asText()));
      long taken = 0;
      for (JsonNode canary : rollout.path("canaries")) {
        taken += canary.has("appliedAt") ? 1 : 0;
      }
      int all = rollout.path("canaries").size();
      bar.show(taken, all, "taken by %d of %d canaries".formatted(taken, all));
    }
    bar.end();
    refuseHalted(rollout);
    return rollout;
  }

  private static void refuseHalted(JsonNode rollout) {
    if (rollout.path("state").asText().equals("halted")) {
      throw new Failure(
          Failure.REFUSED, "the rollout was halted: " + rollout.path("reason").asText());
    }
  }

  static void tell(PrintWriter to, JsonNode rollout) {
    to.println("rollout " + sentence(rollout));
    to.flush();
  }

  /** One line for people. */
  static String sentence(JsonNode rollout) {
    StringJoiner canaries = new StringJoiner(" ");
    rollout.path("canaries").forEach(canary -> canaries.add(canary.path("node").asText()));
    String reason = rollout.path("reason").asText();
    return "%s of %s: %s on %s%s"
        .formatted(
            rollout.path("id").asText(),
            rollout.path("site").asText(),
            rollout.path("state").asText(),
            canaries,
            reason.isEmpty() ? "" : ", " + reason);
  }

  /** Seconds of a time such as 10m. */
  static long seconds(String text) {
    if (!text.matches("[0-9]{1,6}[smh]?")) {
      throw new Failure(Failure.USAGE, "--hold must be such as 30s, 10m or 2h: " + text);
    }
    long number = Long.parseLong(text.replaceAll("[smh]", ""));
    return text.endsWith("h") ? number * 3600 : text.endsWith("m") ? number * 60 : number;
  }
}
