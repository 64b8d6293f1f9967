package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Has sites be as a file says: shows what that changes, and then changes it, all or nothing. */
@Command(
    name = "apply",
    description = {
      "Have sites be as a file says: those that it has are added or changed, and with --prune",
      "the others of the organisation removed. What changes is shown first."
    })
final class ApplyCommand extends Commands.SiteEdit {
  @Option(
      names = {"-f", "--file"},
      required = true,
      description = "YAML or JSON: a site, or several under sites:; - is standard input")
  Path file = Path.of("");

  @Option(names = "--org", description = "whose; what the file says, or your own, or first")
  @Nullable String organisation;

  @Option(names = "--prune", description = "remove what the file does not have")
  boolean prune;

  @Option(names = "--dry-run", description = "show what would change, and change nothing")
  boolean dryRun;

  @Option(
      names = {"-y", "--yes"},
      description = "do not ask")
  boolean yes;

  @Override
  public void run() {
    SiteFile wanted = SiteFile.read(text());
    Map<String, Object> order = new LinkedHashMap<>();
    Optional<String> whose = Optional.ofNullable(organisation).or(wanted::organisation);
    whose.ifPresent(id -> order.put("organisation", id));
    order.put("sites", wanted.sites());
    order.put("prune", prune);
    String path = noted("v1/apply");
    char before = path.indexOf('?') < 0 ? '?' : '&';
    JsonNode plan = client().post(path + before + "dry-run=true", Optional.of(order));
    PrintWriter people = json ? spec.commandLine().getErr() : out();
    show(people, plan);
    if (dryRun || changes(plan) == 0) {
      asJson(plan);
      return;
    }
    if (!yes && !isAgreed(people)) {
      people.println("nothing was changed");
      return;
    }
    // Exactly what was shown, or nothing.
    order.put("plan", plan.path("plan").asText());
    JsonNode done = client().post(path, Optional.of(order));
    if (!asJson(done)) {
      people.println("done: " + counted(done));
    }
  }

  private String text() {
    try {
      return file.equals(Path.of("-"))
          ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
          : Files.readString(file);
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, "cannot be read as UTF-8 text: " + file);
    }
  }

  private static boolean isAgreed(PrintWriter people) {
    Console console =
        Optional.ofNullable(System.console())
            .filter(Console::isTerminal)
            .orElseThrow(
                () ->
                    new Failure(
                        Failure.USAGE, "nobody is there to be asked: give --yes, or --dry-run"));
    people.print("Change this? [y/N] ");
    people.flush();
    String answer = console.readLine();
    return answer != null && List.of("y", "yes").contains(answer.strip().toLowerCase(Locale.ROOT));
  }

  private static long changes(JsonNode plan) {
    return plan.path("removed").asLong()
        + plan.path("changed").asLong()
        + plan.path("added").asLong();
  }

  private static String counted(JsonNode plan) {
    return "%d added, %d changed, %d removed, %d as they are"
        .formatted(
            plan.path("added").asLong(),
            plan.path("changed").asLong(),
            plan.path("removed").asLong(),
            plan.path("same").asLong());
  }

  private static void show(PrintWriter people, JsonNode plan) {
    for (JsonNode site : plan.path("items")) {
      String change = site.path("change").asText();
      String sign =
          switch (change) {
            case "added" -> "+ ";
            case "removed" -> "- ";
            case "changed" -> "~ ";
            default -> "";
          };
      if (!sign.isEmpty()) {
        people.println(sign + site.path("id").asText() + "  " + joined(site.path("hosts")));
      }
      for (JsonNode field : site.path("differences")) {
        String name = "    " + field.path("field").asText() + ": ";
        String now = field.path("after").asText("(none)");
        people.println(
            name
                + (change.equals("added")
                    ? now
                    : field.path("before").asText("(none)") + " -> " + now));
      }
    }
    people.println("plan: " + counted(plan));
    people.flush();
  }
}
