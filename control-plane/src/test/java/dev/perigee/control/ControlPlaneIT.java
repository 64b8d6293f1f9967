package dev.perigee.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPostgres;
import dev.perigee.testkit.RunningProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole process beside a database that is not its own. */
final class ControlPlaneIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PASSWORD = "PERIGEE_DATABASE_PASSWORD";

  @TempDir Path folder;
  private static TestPostgres postgres;

  @BeforeAll
  static void start() {
    postgres = TestPostgres.fresh();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private List<String> command(String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path", ""),
                ControlPlane.class.getName(),
                "--state-dir",
                folder.resolve("state").toString(),
                "--database-url",
                postgres.url() + "?user=" + postgres.user()));
    for (String port : List.of("--api-port", "--grpc-port", "--dns-port", "--steer-port")) {
      command.addAll(List.of(port, "0"));
    }
    command.addAll(List.of(more));
    return command;
  }

  @Test
  void theDatabasesPasswordComesFromTheEnvironmentAndIsNeverSaid() {
    Map<String, String> environment = Map.of(PASSWORD, postgres.password());
    try (RunningProcess control = RunningProcess.start("control", folder, environment, command())) {
      control.awaitLine("control plane ready", PATIENCE);
      control.terminate();
      control.awaitExit(PATIENCE);
      assertFalse(control.output().contains(postgres.password()));
    }
  }

  @Test
  void aDatabaseThatRefusesEndsTheStartWith1AndASentence() {
    RunningProcess.Finished finished =
        RunningProcess.run("control", folder, Map.of(PASSWORD, "wrong"), PATIENCE, command());
    assertEquals(1, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains("control plane: "), finished.output());
    assertFalse(finished.output().contains("\tat "), finished.output());
  }

  @Test
  void anUnknownOptionEndsTheStartWith2AndIsNamed() {
    RunningProcess.Finished finished =
        RunningProcess.run("control", folder, Map.of(), PATIENCE, command("--colour", "red"));
    assertEquals(2, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains("--colour"), finished.output());
  }
}
