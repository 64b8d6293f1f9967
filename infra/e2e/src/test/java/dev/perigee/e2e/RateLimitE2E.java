package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A site's rate limits, set by command and kept by two real edges. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Full("limits kept by real edges together")
final class RateLimitE2E {
  private static final String HOST = "limited.example";
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Path folder;
  private final Network network;
  private final Origin origin;

  RateLimitE2E(@TempDir Path folder) throws Exception {
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
    for (String edge : new String[] {"fra-1", "iad-1"}) {
      Awaitility.await(edge).atMost(SOON).until(() -> ask(edge) == 200);
    }
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  private int ask(String edge) {
    return network.get(edge, HOST, "/page/1").status();
  }

  private void limit(String json) throws Exception {
    Path file = Files.writeString(folder.resolve("limits.json"), json);
    network.cliOk("site", "limits", HOST, "--file", file.toString());
  }

  @Test
  @Order(1)
  void oneTooManyGets429WithItsFields() throws Exception {
    limit(
        """
        [{"name": "hour", "requests": 3, "windowSeconds": 86400, "algorithm": "sliding-window"}]
        """);
    Awaitility.await("the limit holds").atMost(SOON).until(() -> ask("fra-1") == 429);
    Fetch.Answer refused = network.get("fra-1", HOST, "/page/1");
    assertEquals("\"hour\";q=3;w=86400", refused.field("ratelimit-policy"));
    String state = refused.field("ratelimit");
    assertTrue(state.matches("\"hour\";r=0;t=[0-9]+"), state);
    String seconds = state.replaceAll(".*t=", "");
    assertEquals(seconds, refused.field("retry-after"));
    assertTrue(network.cliOk("site", "show", HOST).output().contains("limits   hour"));
    assertTrue(network.cliOk("site", "limits", HOST).output().contains("3 in 86400 s by address"));
    network.cliOk("site", "limits", HOST, "--bandwidth", "20m");
    String shown = network.cliOk("site", "limits", HOST).output();
    assertTrue(shown.contains("hour; 20971520 bytes/s on each node"), shown);
    assertTrue(shown.contains("3 in 86400 s by address"), shown);
    network.cliOk("site", "limits", HOST, "--bandwidth", "0");
    assertFalse(network.cliOk("site", "limits", HOST).output().contains("bytes/s"));
  }

  /** Of a limit for the whole fleet, which comes back slowly, both edges together let in little. */
  @Test
  @Order(2)
  void whatIsLetInByOneEdgeIsMissingAtTheOther() throws Exception {
    limit(
        """
        [{"name": "all", "requests": 600, "windowSeconds": 60, "burst": 20, "by": "all",
          "scope": "fleet"}]
        """);
    Awaitility.await("the limit holds at the one").atMost(SOON).until(() -> drained("fra-1"));
    Awaitility.await("and at the other").atMost(SOON).until(() -> drained("iad-1"));
    long began = System.nanoTime();
    int letIn = 0;
    int asked = 0;
    // By count: whatever the machine does, the limit is ten a second and a burst of twenty.
    while (System.nanoTime() - began < Duration.ofSeconds(10).toNanos()) {
      letIn += ask("fra-1") == 200 ? 1 : 0;
      letIn += ask("iad-1") == 200 ? 1 : 0;
      asked += 2;
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf("RateLimitE2E: %d of %d in %.1f s%n", letIn, asked, seconds);
    assertTrue(asked > 3 * (10 * seconds + 20), "there was more demand than the limit: " + asked);
    assertTrue(letIn <= 1.3 * 10 * seconds + 20, letIn + " in " + seconds + " s");
    assertTrue(letIn >= 0.5 * 10 * seconds, letIn + " in " + seconds + " s");
  }

  /** Whether the edge refuses most of what it is asked now. */
  private boolean drained(String edge) {
    int refused = 0;
    for (int i = 0; i < 60; i++) {
      refused += ask(edge) == 429 ? 1 : 0;
    }
    return refused > 30;
  }
}
