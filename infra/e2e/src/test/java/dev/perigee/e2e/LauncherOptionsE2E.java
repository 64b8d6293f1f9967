package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.cli.PerigeeCli;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Completion offers the options that the programs of the other modules say they take. */
class LauncherOptionsE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A line of help that begins with an option; its text stands further right. */
  private static final Pattern OPTION =
      Pattern.compile("^ {1,8}(?:-[A-Za-z], +)?(--[a-z0-9-]+)([=\\[<]?)", Pattern.MULTILINE);

  private static Set<String> written(String command) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(PerigeeCli.class.getResourceAsStream("launcher-options"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split("\t", -1))
          .filter(parts -> parts[0].equals(command))
          .map(parts -> parts[1] + " " + parts[2])
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"edge", "up", "down"})
  void eachOptionIsWrittenAndNoOther(String command, @TempDir Path folder) throws IOException {
    Finished help =
        RunningProcess.run(
            command,
            folder,
            Map.of("PERIGEE_NO_BUILD", "1", "PERIGEE_NO_ARCHIVE", "1"),
            PATIENCE,
            List.of(Network.ROOT.resolve("perigee").toString(), command, "--help"));
    assertEquals(0, help.exitCode(), help.output());
    Set<String> taken =
        OPTION
            .matcher(help.output())
            .results()
            .map(one -> one.group(1) + " " + (one.group(2).isEmpty() ? "0" : "1"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertTrue(taken.size() > 2, help.output());
    assertEquals(taken, written(command));
  }
}
