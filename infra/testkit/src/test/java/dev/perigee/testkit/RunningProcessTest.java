package dev.perigee.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningProcessTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path folder;

  @Test
  void aFinishedProcessLeavesItsExitCodeAndOutput() {
    RunningProcess.Finished finished =
        RunningProcess.run("it", folder, Map.of("WORD", "hello"), SOON, sh("echo $WORD; exit 3"));

    assertEquals(new RunningProcess.Finished(3, "hello"), finished);
  }

  @Test
  void outputIsKeptInBounds() {
    RunningProcess.Finished finished =
        RunningProcess.run("it", folder, Map.of(), SOON, sh("seq 1 5000"));

    assertEquals(2_000, finished.output().lines().count());
    assertTrue(finished.output().endsWith("5000"));
  }

  @Test
  void aLineThatNeverComesFailsWithTheOutput() {
    try (RunningProcess running =
        RunningProcess.start("it", folder, Map.of(), sh("echo only this"))) {
      AssertionError failure =
          assertThrows(AssertionError.class, () -> running.awaitLine("ready", SOON));

      assertTrue(failure.toString().contains("only this"), failure.toString());
    }
  }

  @Test
  void aKilledProcessEnds() {
    try (RunningProcess running =
        RunningProcess.start("it", folder, Map.of(), sh("echo up; exec sleep 60"))) {
      running.awaitLine("up", SOON);
      running.kill();

      assertEquals(137, running.awaitExit(SOON));
    }
  }

  private static List<String> sh(String script) {
    return List.of("sh", "-c", script);
  }
}
