package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A rolling update: control planes and edges of the build before this one beside those of this one,
 * on one PostgreSQL, under changes and purges that a model checks.
 */
@Full("a control plane and an edge of the previous build beside those of this one")
class BuildsE2E {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final int SECONDS_MIXED = 10;
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("old-edge", "new-edge");
  private static final int OLD = 1;
  private static final int NEW = 2;

  private final Path folder;

  BuildsE2E(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void controlPlanesAndEdgesOfTwoBuildsWorkTogetherUntilTheOldOnesAreGone() throws Exception {
    Path previous = PreviousBuild.folder();
    try (ReplicaNetwork network = new ReplicaNetwork(folder);
        Origin origin = JdkOrigin.start(network.originAddress(), 9000)) {
      network.build(OLD, previous);
      network.build("old-edge", previous);
      new Update(network, origin).run();
    }
  }

  /** The steps of one update. */
  private record Update(ReplicaNetwork network, Origin origin) {
    void run() throws Exception {
      network.startControl(OLD);
      network.addEdge("old-edge", 1, OLD);
      ReplicaModel.requireDone(ReplicaModel.addSite(network, OLD, "shop", HOST, origin.url()));
      awaitThat("it serves", () -> get("old-edge").status() == 200);
      changesWhileMigrationsRun();

      // Each edge with the control plane of the other build.
      awaitThat("it is told of both", () -> network.isToldOf(List.of("old-edge"), NEW));
      network.link(OLD).cut();
      awaitThat("it is with the new one", () -> has(NEW, "old-edge"));
      network.link(OLD).mend();
      network.addEdge("new-edge", 2, OLD);
      awaitThat("crossed", () -> has(NEW, "old-edge") && has(OLD, "new-edge"));
      for (int control : List.of(OLD, NEW)) {
        awaitThat(control + " knows the edges of both", () -> knowsBoth(control));
      }
      ReplicaModel model = new ReplicaModel(network, List.of(OLD, NEW), EDGES, HOST, origin.url());
      model.begin();
      assertFalse(new CountDownLatch(1).await(SECONDS_MIXED, TimeUnit.SECONDS));
      for (int control : List.of(OLD, NEW)) {
        receiptsCountBoth(control);
      }

      // The update goes on while the model does: one after the other is of this build.
      network.stopControl(OLD);
      awaitThat("the new one has both", () -> knowsBoth(NEW));
      // And should it be undone, the previous build starts on the schema of this one.
      network.startControl(OLD);
      network.stopControl(OLD);
      network.build(OLD, Network.ROOT);
      network.startControl(OLD);
      model.end();
      model.check();
      updateEdge();
    }

    private void changesWhileMigrationsRun() throws Exception {
      CountDownLatch migrated = new CountDownLatch(1);
      try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
        var changing =
            threads.submit(
                () -> {
                  int count = 0;
                  do {
                    String target = "/early/" + count++;
                    ReplicaModel.purge(network, List.of(OLD), "shop", HOST, target);
                    ReplicaModel.requireDone(change(OLD));
                  } while (migrated.getCount() > 0);
                  return count;
                });
        network.startControl(NEW);
        migrated.countDown();
        assertTrue(changing.get(SOON.toSeconds(), TimeUnit.SECONDS) > 0);
      }
      assertEquals(List.of(), ReplicaModel.gaps(network));
    }

    private ReplicaNetwork.Answer change(int control) throws Exception {
      String site =
          "{\"id\":\"shop\",\"hosts\":[\"%s\"],\"origins\":[\"%s\"]}".formatted(HOST, origin.url());
      return network.ask(control, "PUT", "/v1/sites/shop", site, "");
    }

    private void receiptsCountBoth(int control) throws Exception {
      String body = ReplicaModel.purgeOf("shop", HOST, "/receipt/" + control);
      ReplicaNetwork.Answer issued = network.ask(control, "POST", "/v1/purges", body, "");
      ReplicaModel.requireDone(issued);
      String id = issued.body().replaceFirst("(?s).*\"id\":\"([0-9a-f-]{36})\".*", "$1");
      for (int other : List.of(OLD, NEW)) {
        awaitThat(
            other + " has the receipt",
            () -> {
              String receipt = network.ask(other, "GET", "/v1/purges/" + id, "", "").body();
              return receipt.contains("\"complete\":true")
                  && receipt.contains("\"appliedNodes\":2");
            });
      }
    }

    /** The store that the previous build's edge leaves is one for this build's. */
    private void updateEdge() throws Exception {
      network.stopEdge("old-edge");
      network.build("old-edge", Network.ROOT);
      network.startEdge("old-edge");
      awaitThat("the edge is of this build and in step", () -> knowsBoth(NEW));
      assertEquals(200, get("old-edge").status());
      ReplicaModel.purge(network, List.of(NEW), "shop", HOST, "/a/1");
      assertTrue(get("old-edge").isMiss());
      assertTrue(get("old-edge").isHit());
    }

    private Fetch.Answer get(String edge) {
      return network.get(edge, HOST, "/a/1");
    }

    private boolean has(int control, String edge) {
      return network.control(control).output().contains(edge + " is connected");
    }

    /** Whether a control plane knows both edges as connected and healthy. */
    private boolean knowsBoth(int control) throws Exception {
      for (String edge : EDGES) {
        String node = network.ask(control, "GET", "/v1/nodes/" + edge, "", "").body();
        if (!node.contains("\"connected\":true") || !node.contains("\"healthy\":true")) {
          return false;
        }
      }
      return true;
    }

    private static void awaitThat(String what, Callable<Boolean> condition) {
      Awaitility.await(what).atMost(SOON).until(condition);
    }
  }
}
