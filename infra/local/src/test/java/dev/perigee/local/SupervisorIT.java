package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The supervisor with stand-ins for the parts that it runs, as real processes. */
class SupervisorIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final List<String> PARTS = List.of("control", "origin", "fra-1", "iad-1", "sin-1");

  private final String network = Loopback.fresh(8080, 7070, 7053).prefix();
  private final StandInHome home;

  SupervisorIT(@TempDir Path folder) throws Exception {
    home = StandInHome.create(folder);
  }

  @AfterEach
  void stopAll() {
    try (RunningProcess down = home.perigee(Map.of(), "down")) {
      down.awaitExit(SOON);
    }
  }

  @Test
  void ctrlCStopsEverythingThatUpStarted() {
    try (RunningProcess up = up()) {
      up.awaitLine("perigee is ready", SOON);
      List<ProcessHandle> children = children();
      assertEquals(PARTS.size(), children.size());
      up.terminate();
      up.awaitExit(Duration.ofSeconds(10));

      assertTrue(up.output().endsWith("perigee: stopped"), up.output());
      assertTrue(children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @Test
  void aDetachedNetworkRunsUntilDown() {
    try (RunningProcess up = up("--detach");
        RunningProcess again = afterExit(up, 0, "up", "--detach", "--network", network);
        RunningProcess down = afterExit(again, 1, "down");
        RunningProcess second = afterExit(down, 0, "down")) {
      assertEquals(0, second.awaitExit(SOON));

      assertTrue(up.output().contains("perigee is ready"), up.output());
      assertTrue(again.output().contains("already runs on"), again.output());
      assertTrue(down.output().contains("perigee: stopped"), down.output());
      assertTrue(second.output().contains("nothing runs"), second.output());
      assertTrue(children().isEmpty());
    }
  }

  @Test
  void aPartThatIsKilledIsStartedAgainAndSaid() {
    try (RunningProcess up = up()) {
      up.awaitLine("perigee is ready", SOON);
      ProcessHandle killed = child("fra-1").orElseThrow();
      killed.destroyForcibly();
      up.awaitLine("edge fra-1 ended with exit code 137; starting it again", SOON);

      Awaitility.await()
          .atMost(SOON)
          .until(() -> child("fra-1").filter(now -> !now.equals(killed)).isPresent());
    }
  }

  @Test
  void afterKillNineUpEndsTheOrphansAndComesBack() {
    try (RunningProcess up = up()) {
      up.awaitLine("perigee is ready", SOON);
      List<ProcessHandle> orphans = children();
      ProcessHandle.of(up.pid()).orElseThrow().destroyForcibly();
      up.awaitExit(SOON);
      assertTrue(orphans.stream().allMatch(ProcessHandle::isAlive));
      try (RunningProcess again = up()) {
        again.awaitLine("perigee is ready", SOON);

        assertTrue(again.output().contains("stopped 5 processes"), again.output());
        assertTrue(orphans.stream().noneMatch(ProcessHandle::isAlive));
      }
    }
  }

  @Test
  void aPortInUseIsOneLineAndNothingStarts() throws Exception {
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress(network + ".2", EdgePlace.HTTPS_PORT));
      try (RunningProcess up = up("--detach")) {
        assertEquals(1, up.awaitExit(SOON));

        String line =
            "perigee: TCP port 8443 of "
                + network
                + ".2 is in use by another program; it is needed for edge iad-1, HTTPS";
        assertTrue(up.output().endsWith(line), up.output());
        assertTrue(children().isEmpty());
      }
    }
  }

  @Test
  void aPartThatCannotStartEndsUpWithTheEndOfItsLog() {
    Map<String, String> failing = Map.of("PERIGEE_JAVA_OPTS", "-Dstand-in.fails=sin-1");
    try (RunningProcess up = home.perigee(failing, "up", "--network", network)) {
      assertEquals(1, up.awaitExit(SOON));

      assertTrue(up.output().contains("edge sin-1 ended with exit code 9"), up.output());
      assertTrue(up.output().contains("the disk is full"), up.output());
      assertTrue(children().isEmpty());
      assertFalse(Files.exists(home.state().ready()));
    }
  }

  private RunningProcess up(String... more) {
    String[] args = new String[more.length + 3];
    args[0] = "up";
    args[1] = "--network";
    args[2] = network;
    System.arraycopy(more, 0, args, 3, more.length);
    return home.perigee(Map.of(), args);
  }

  private RunningProcess afterExit(RunningProcess before, int expected, String... args) {
    assertEquals(expected, before.awaitExit(SOON), before.output());
    return home.perigee(Map.of(), args);
  }

  private Optional<ProcessHandle> child(String part) {
    return home.state().child(part).running();
  }

  private List<ProcessHandle> children() {
    return PARTS.stream().map(this::child).flatMap(Optional::stream).toList();
  }
}
