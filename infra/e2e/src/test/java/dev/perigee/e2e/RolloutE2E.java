package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A change goes to one edge first; what readers get there decides what becomes of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Full("changes taken back and promoted by what a real canary answers")
final class RolloutE2E {
  private static final String HOST = "staged.example";
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-[0-9a-f-]{27}");

  private final Path folder;
  private final Network network;
  private final Origin origin;
  private int asked;

  RolloutE2E(@TempDir Path folder) throws Exception {
    this.folder = folder;
    network = new Network(folder);
    origin = Origin.start(folder, network.originAddress(), 9000);
  }

  @BeforeAll
  void up() {
    network.startControl();
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.addEdge("iad-1", 2, "us-east", "39.04,-77.49");
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    awaitStatus("fra-1", 200);
    awaitStatus("iad-1", 200);
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  @Test
  @Order(1)
  void aChangeThatBreaksItsCanaryIsTakenBackByItself() throws Exception {
    // Nobody listens there.
    Path broken = pools("http://" + network.originAddress() + ":9009");
    Finished begun =
        network.cliOk("site", "pools", HOST, "--file", broken.toString(), "--canary", "fra-1");
    String id = id(begun);
    awaitStatus("fra-1", 502);
    assertEquals(200, ask("iad-1"), "only the canary has it");
    assertTrue(network.cliOk("site", "show", HOST).output().contains(id));
    Awaitility.await("halted")
        .atMost(SOON)
        .until(
            () -> {
              for (int i = 0; i < 10; i++) {
                ask("fra-1");
              }
              return network.cliOk("rollout", "show", id).output().contains("halted on fra-1");
            });
    String why = network.cliOk("rollout", "show", id).output();
    assertTrue(why.contains("were answered with a 5xx"), why);
    awaitStatus("fra-1", 200);
    assertEquals(1, network.cli("rollout", "promote", id).exitCode());
    assertFalse(network.cliOk("site", "show", HOST).output().contains(id));
  }

  @Test
  @Order(2)
  void aChangeThatIsWellIsPromotedAfterItsTimeThoughTheControlPlaneIsRestarted() throws Exception {
    Path good = pools(origin.url());
    String id =
        id(
            network.cliOk(
                "site",
                "pools",
                HOST,
                "--file",
                good.toString(),
                "--canary",
                "50%",
                "--hold",
                "5s",
                "--note",
                "pools"));
    network.stopControl();
    network.startControl();
    Finished waited = network.cliOk("rollout", "wait", id);
    assertTrue(waited.output().contains("promoted on "), waited.output());
    assertTrue(network.cliOk("site", "show", HOST).output().contains("pools    web: 1 server"));
    String history = network.cliOk("site", "history", HOST).output();
    assertTrue(history.contains("pools"), history);
    assertEquals(200, ask("fra-1"));
    assertEquals(200, ask("iad-1"));
  }

  @Test
  @Order(3)
  void anEarlierRevisionGoesToACanaryFirst() {
    String history = network.cliOk("site", "history", HOST).output();
    String first = history.lines().toList().getLast().strip().split(" ", 2)[0];
    Finished waited =
        network.cliOk(
            "site", "rollback", HOST, "--to", first, "--canary", "fra-1", "--hold", "1s", "--wait");
    assertTrue(waited.output().contains("canary on fra-1"), waited.output());
    assertFalse(network.cliOk("site", "show", HOST).output().contains("pools    web"));
    assertEquals(200, ask("fra-1"));
    assertEquals(200, ask("iad-1"));
  }

  private Path pools(String server) throws IOException {
    String json = "{\"pools\":[{\"name\":\"web\",\"servers\":[{\"url\":\"" + server + "\"}]}]}";
    return Files.writeString(folder.resolve("pools.json"), json);
  }

  private static String id(Finished finished) {
    return ID.matcher(finished.output())
        .results()
        .findFirst()
        .orElseThrow(() -> new AssertionError(finished.toString()))
        .group();
  }

  /** What the edge answers for a page that it does not have. */
  private int ask(String edge) {
    return network.get(edge, HOST, "/page/" + asked++).status();
  }

  private void awaitStatus(String edge, int status) {
    Awaitility.await(edge + " answers " + status).atMost(SOON).until(() -> ask(edge) == status);
  }
}
