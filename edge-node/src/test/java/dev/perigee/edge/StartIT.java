package dev.perigee.edge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node that cannot start says why in one line, and has spent nothing. */
class StartIT {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path folder;

  private Finished start(String... more) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(EdgeNode.class.getName());
    command.addAll(List.of("--name", "fra-1", "--control", "127.0.0.1:1", "--bind", "127.0.0.1"));
    command.addAll(List.of("--state-dir", folder.resolve("state").toString()));
    command.addAll(Arrays.asList(more));
    return RunningProcess.run("edge", folder, Map.of(), LONG, command);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP", "HTTPS", "admin"})
  void aPortInUseIsNamedBeforeAnythingIsBegun(String which) throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      List<String> ports = new ArrayList<>();
      for (String each : List.of("http", "https", "admin")) {
        boolean here = each.equalsIgnoreCase(which);
        ports.add("--" + each + "-port=" + (here ? taken.getLocalPort() : 0));
      }
      Finished end = start(ports.toArray(String[]::new));
      assertEquals(1, end.exitCode(), end.output());
      String where = which + " port 127.0.0.1:" + taken.getLocalPort() + " cannot be opened: ";
      assertTrue(end.output().contains(where + "Address already in use"), end.output());
      assertFalse(Files.exists(folder.resolve("state")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--cash-size=1g", "--fill-window=1", "--max-requests=0", "--idle-timeout=0"})
  void aSettingThatCannotBeIsNamed(String setting) {
    Finished end = start(setting);
    assertEquals(2, end.exitCode(), end.output());
    String name = setting.substring(0, setting.indexOf('='));
    boolean named =
        end.output().contains(name)
            || end.output().contains("--max-*")
            || end.output().contains("--*-timeout");
    assertTrue(named, end.output());
    assertFalse(end.output().contains("Exception"), end.output());
  }

  @Test
  void withoutAJoinTokenItSaysHowToGetOne() {
    Finished end = start("--http-port=0", "--https-port=0", "--admin-port=0");
    assertEquals(1, end.exitCode(), end.output());
    assertTrue(end.output().contains("--join TOKEN"), end.output());
  }
}
