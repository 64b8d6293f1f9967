package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Edges whose clocks are off by a day, under changes and purges that a model checks. */
@Full("edges whose clocks are a day ahead and a day behind")
class ClocksE2E {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final int SECONDS = 10;
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("ahead", "behind");

  private final ReplicaNetwork network;
  private final Origin origin;

  ClocksE2E(@TempDir Path folder) throws IOException {
    network = new ReplicaNetwork(folder);
    origin = JdkOrigin.start(network.originAddress(), 9000);
  }

  @AfterEach
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void edgesADayAheadAndADayBehindTakeEveryChangeAndPurgeAndCache() throws Exception {
    network.startControl(1);
    network.startControl(2);
    network.clock("ahead", "+1d");
    network.clock("behind", "-1d");
    network.addEdge("ahead", 1, 1);
    network.addEdge("behind", 2, 2);
    assertTrue(isOff("ahead", 1), network.edge("ahead").output());
    assertTrue(isOff("behind", -1), network.edge("behind").output());
    ReplicaModel.requireDone(ReplicaModel.addSite(network, 1, "shop", HOST, origin.url()));
    for (String edge : EDGES) {
      Awaitility.await(edge + " serves")
          .atMost(SOON)
          .until(() -> network.get(edge, HOST, "/a/1").status() == 200);
    }
    ReplicaModel model = new ReplicaModel(network, List.of(1, 2), EDGES, HOST, origin.url());
    model.begin();
    assertFalse(new CountDownLatch(1).await(SECONDS, TimeUnit.SECONDS));
    model.end();
    model.check();
    // Times are measured by the control planes' clocks.
    String body = ReplicaModel.purgeOf("shop", HOST, "/a/1");
    ReplicaNetwork.Answer issued = network.ask(1, "POST", "/v1/purges", body, "");
    String id = issued.body().replaceFirst("(?s).*\"id\":\"([0-9a-f-]{36})\".*", "$1");
    Awaitility.await("a receipt with times")
        .atMost(SOON)
        .until(() -> slowest(id) >= 0 && slowest(id) < Duration.ofHours(1).toMillis());
    assertEquals(200, network.get("ahead", HOST, "/a/1").status());
  }

  private long slowest(String purge) throws Exception {
    String receipt = network.ask(2, "GET", "/v1/purges/" + purge, "", "").body();
    String max = receipt.replaceFirst("(?s).*\"maxMillis\":([0-9]+).*", "$1");
    return max.matches("[0-9]{1,18}") ? Long.parseLong(max) : -1;
  }

  /** Whether the clock of an edge's log is off by so many days. */
  private boolean isOff(String edge, int days) {
    String line =
        network
            .edge(edge)
            .output()
            .lines()
            .filter(l -> l.matches("20.*Z .*"))
            .findFirst()
            .orElseThrow();
    Duration off = Duration.between(Instant.now(), Instant.parse(line.substring(0, 24)));
    return off.minusDays(days).abs().compareTo(Duration.ofHours(1)) < 0;
  }
}
