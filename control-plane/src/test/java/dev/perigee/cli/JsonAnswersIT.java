package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.perigee.control.api.TestApi;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** With {@code --json} a command prints one JSON value, and nothing else. */
final class JsonAnswersIT {
  @TempDir static Path folder;
  private static TestApi api;
  private static Path token;

  @BeforeAll
  static void start() throws IOException {
    api = new TestApi();
    token = Files.writeString(folder.resolve("operator"), TestApi.TOKEN + "\n");
    run("site add json.example --origin https://origin.example");
    run("node add json-1 --region eu --at 50,8 --address 127.0.0.1");
    run("org add jsonorg");
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static JsonNode run(String words) throws IOException {
    List<String> args = new ArrayList<>(List.of(words.split(" ", -1)));
    args.addAll(List.of("--json", "--api", api.url().toString(), "--token-file", token.toString()));
    StringWriter text = new StringWriter();
    StringWriter errors = new StringWriter();
    int code =
        PerigeeCli.whole()
            .setOut(new PrintWriter(text, true))
            .setErr(new PrintWriter(errors, true))
            .execute(args.toArray(String[]::new));
    assertEquals(0, code, words + ": " + text + errors);
    assertEquals("", errors.toString(), words);
    return Json.read(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Commands that print a list, and what has to be in it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "site list > json.example",
        "node list > json-1",
        "org list > jsonorg",
        "site history json.example > revision",
        "cert list >",
        "rollout list >",
        "token list >",
        "audit > json-1",
        "host list >",
        "dns key list >",
        "dns challenge list >",
        "sign-in list >",
        "doctor > json-1",
      })
  void aListIsItems(String line) throws IOException {
    String[] parts = line.split(" >", 2);
    JsonNode answer = run(parts[0]);
    assertTrue(answer.path("items").isArray(), line + ": " + answer);
    assertTrue(answer.toString().contains(parts[1].strip()), line + ": " + answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status",
        "site show json.example",
        "steer explain --client 127.0.0.1",
        "ca show",
        "purge --site json.example --everything",
        "site limits json.example",
        "node drain json-1"
      })
  void anotherAnswerIsOneValueToo(String line) throws IOException {
    assertTrue(run(line).isContainerNode(), line);
  }

  /** No command that lists is left out above. */
  @Test
  void eachListIsAsked() throws NoSuchMethodException {
    List<String> lists = new ArrayList<>();
    walk(PerigeeCli.whole(), lists);
    ValueSource asked =
        JsonAnswersIT.class
            .getDeclaredMethod("aListIsItems", String.class)
            .getAnnotation(ValueSource.class);
    lists.removeIf(
        name -> List.of(asked.strings()).stream().anyMatch(line -> line.startsWith(name + " ")));
    assertEquals(List.of("profile list"), lists);
  }

  private static void walk(CommandLine command, List<String> lists) {
    if (command.getCommandName().equals("list")) {
      lists.add(command.getCommandSpec().qualifiedName().replaceFirst("^perigee ", ""));
    }
    command.getSubcommands().values().forEach(below -> walk(below, lists));
  }
}
