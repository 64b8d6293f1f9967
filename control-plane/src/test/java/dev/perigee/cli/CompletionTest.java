package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Installed;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A real bash completes commands and options with the script that is printed. */
final class CompletionTest {
  @TempDir Path folder;

  private Set<String> completed(String typed) throws IOException {
    Installed.require("bash");
    Path script =
        Files.writeString(folder.resolve("perigee.bash"), CompletionCommand.script("bash"));
    String ask =
        """
        source %s
        COMP_LINE=%s; COMP_POINT=${#COMP_LINE}
        read -r -a COMP_WORDS <<<"$COMP_LINE"
        case $COMP_LINE in *' ') COMP_WORDS+=('') ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        words=$(complete -p perigee)
        [[ $words =~ -F\\ ([^ ]+) ]] && "${BASH_REMATCH[1]}"
        echo "${COMPREPLY[@]}"
        """
            .formatted(script, "'" + typed + "'");
    RunningProcess.Finished finished =
        RunningProcess.run(
            "bash", folder, Map.of(), Duration.ofSeconds(30), List.of("bash", "--norc", "-c", ask));
    return Set.of(finished.output().strip().split("\\s+", -1));
  }

  @ParameterizedTest
  @CsvSource({
    "perigee si, site",
    "perigee up, up",
    "perigee control, control",
    "perigee ba, backup",
    "perigee site hist, history",
    "perigee dns key ro, roll",
    "perigee profile u, use",
    "perigee site list --js, --json",
    "perigee purge --ev, --everything",
    "perigee site add --ca, --ca-file",
    "perigee control --acme-h, --acme-http-port",
    "perigee control --dns-z, --dns-zone",
    "perigee edge --cache-s, --cache-size",
    "perigee up --det, --detach",
    "perigee backup --database-, --database-url",
    "perigee restore --fr, --from",
    "perigee geo update --fr, --from",
  })
  void whatIsBegunIsCompleted(String typed, String expected) throws IOException {
    Set<String> found = completed(typed);
    assertTrue(found.contains(expected), typed + ": " + found);
  }

  @Test
  void nothingTypedYetShowsAllCommandsOfTheLauncherToo() throws IOException {
    Set<String> found = completed("perigee ");
    Set<String> some =
        Set.of("site", "node", "up", "down", "edge", "geo", "restore", "profile", "completion");
    assertTrue(found.containsAll(some), found.toString());
  }

  @Test
  void thereIsAScriptForFish() {
    String script = CompletionCommand.script("fish");
    assertTrue(script.contains("'__perigee_at site' -f -a history -d '"));
    assertTrue(script.contains("'__perigee_at site list' -l json -d 'print the API"), script);
    for (String line : script.split("\n", -1)) {
      assertEquals(0, line.replace("\\'", "").chars().filter(c -> c == '\'').count() % 2, line);
    }
  }

  @Test
  void anotherShellIsRefusedWithThoseThatThereAre() {
    Failure failure = assertThrows(Failure.class, () -> CompletionCommand.script("tcsh"));
    assertTrue(String.valueOf(failure.getMessage()).contains("bash, zsh and fish"));
  }
}
