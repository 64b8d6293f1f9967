package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** {@code perigee up} and {@code down} on a built tree, and what a second {@code up} finds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UpE2E {
  private static final String HOST = "demo.localhost";
  private static final String PAGE = "/images/moon.png";
  private static final String OTHER_PAGE = "/images/orbit.svg";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Path work;
  private final Path state;
  private final Loopback loopback = Loopback.fresh(7070, 7443, 7053, 7080, 7090, 8080, 8443, 9090);

  UpE2E(@TempDir Path folder) {
    work = folder;
    state = folder.resolve(".perigee");
  }

  @AfterAll
  void downAtLast() {
    perigee("down");
  }

  @Test
  @Order(1)
  void upDetachedLeavesARunningNetworkAndSaysWhatToTry() throws Exception {
    long begun = System.nanoTime();
    Finished up = up();
    Duration took = Duration.ofNanos(System.nanoTime() - begun);

    System.out.println("perigee up took " + took.toMillis() + " ms");
    assertEquals(0, up.exitCode(), up.output());
    assertTrue(up.output().contains("perigee is ready"), up.output());
    assertTrue(up.output().contains("loopback"), up.output());
    for (int edge = 1; edge <= 3; edge++) {
      assertEquals(200, get(edge, PAGE).status());
      assertTrue(get(edge, PAGE).isHit());
    }
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("token"))));
  }

  @Test
  @Order(2)
  void theDemoSiteHasALargeFileASlowPageAndAnUncacheableOne() {
    long[] length = {0};
    Fetch.Answer large =
        Fetch.stream(
            loopback.host(1), 8080, HOST, "/large.bin", (bytes, count) -> length[0] += count);

    assertEquals(200, large.status());
    assertEquals(64L * 1024 * 1024, length[0]);
    assertEquals(8, get(1, "/slow").body().lines().count());
    get(1, "/uncacheable");
    assertTrue(get(1, "/uncacheable").isMiss());
  }

  @Test
  @Order(3)
  void aSecondUpSaysThatItAlreadyRuns() {
    Finished again = up();

    assertEquals(1, again.exitCode());
    assertTrue(again.output().contains("already runs"), again.output());
  }

  @Test
  @Order(4)
  void clientCommandsFindTheTokenByThemselves() {
    Finished status = perigee("status");

    assertEquals(0, status.exitCode(), status.output());
    assertTrue(status.output().contains("fra-1"), status.output());
  }

  @Test
  @Order(5)
  void afterDownASecondUpHasTheSameSitesNodesAndCachedObjects() {
    Finished added = perigee("site", "add", "www.kept.example", "--origin", origin());
    assertEquals(0, added.exitCode(), added.output());
    assertEquals(0, perigee("down").exitCode());
    Finished up = up();

    assertEquals(0, up.exitCode(), up.output());
    assertCameBack();
  }

  @Test
  @Order(6)
  void afterKillNineOfEverythingASecondUpHasTheSame() throws Exception {
    for (ProcessHandle process : everything()) {
      process.destroyForcibly();
    }
    Finished up = up();

    assertEquals(0, up.exitCode(), up.output());
    assertCameBack();
  }

  @Test
  @Order(7)
  void afterTheSupervisorAloneDiedASecondUpTakesOver() throws Exception {
    supervisor().destroyForcibly();
    Finished up = up();

    assertEquals(0, up.exitCode(), up.output());
    assertCameBack();
  }

  @Test
  @Order(8)
  void downLeavesNothingRunning() throws Exception {
    List<ProcessHandle> all = everything();
    Finished down = perigee("down");
    Finished again = perigee("down");

    assertEquals(0, down.exitCode(), down.output());
    assertTrue(all.stream().noneMatch(ProcessHandle::isAlive), all.toString());
    assertTrue(again.output().contains("nothing runs"), again.output());
  }

  private void assertCameBack() {
    String sites = perigee("site", "list").output();
    assertTrue(sites.contains("www.kept.example") && sites.contains(HOST), sites);
    String nodes = perigee("node", "list").output();
    assertEquals(1, nodes.lines().filter(line -> line.contains("sin-1")).count(), nodes);
    for (int edge = 1; edge <= 3; edge++) {
      assertTrue(get(edge, PAGE).isHit(), "edge " + edge + ": " + get(edge, PAGE));
      assertEquals(200, get(edge, OTHER_PAGE).status());
    }
  }

  private Fetch.Answer get(int edge, String target) {
    return Fetch.get(loopback.host(edge), 8080, HOST, target);
  }

  private String origin() {
    return "http://" + loopback.host(100) + ":7090";
  }

  private Finished up() {
    return perigee("up", "--detach", "--network", loopback.prefix());
  }

  /** Where .perigee is, so that client commands find the token there. */
  private Finished perigee(String... arguments) {
    Map<String, String> environment =
        Map.of(
            "PERIGEE_NO_BUILD",
            "1",
            "PERIGEE_API",
            "http://" + loopback.host(100) + ":7070",
            "PERIGEE_TOKEN",
            "");
    List<String> command = Network.script(arguments);
    return RunningProcess.run("perigee " + arguments[0], work, environment, PATIENCE, command);
  }

  private ProcessHandle supervisor() throws Exception {
    return process(state.resolve("up.pid"));
  }

  /** The supervisor, its children, and theirs (PostgreSQL). */
  private List<ProcessHandle> everything() throws Exception {
    List<ProcessHandle> all = new ArrayList<>();
    all.add(supervisor());
    supervisor().descendants().forEach(all::add);
    try (Stream<Path> files = Files.list(state.resolve("run"))) {
      for (Path file : files.toList()) {
        ProcessHandle child = process(file);
        all.add(child);
        child.descendants().forEach(all::add);
      }
    }
    return all.stream().distinct().toList();
  }

  private static ProcessHandle process(Path pidFile) throws Exception {
    long pid = Long.parseLong(Files.readString(pidFile).split(" ", 2)[0]);
    return ProcessHandle.of(pid).orElseThrow();
  }
}
