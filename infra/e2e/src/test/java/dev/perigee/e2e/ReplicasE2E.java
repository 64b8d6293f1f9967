package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Control planes on one PostgreSQL, and edges, as real processes, of which some die, are cut off or
 * fall silent. A full run takes longer over each fault.
 */
@Full("control planes that die, are cut off or fall silent, with PostgreSQL away")
class ReplicasE2E {
  private static final boolean FULL = Boolean.getBoolean("perigee.full");
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("fra-1", "iad-1");

  private final ReplicaNetwork network;
  private final Origin origin;

  ReplicasE2E(@TempDir Path folder) throws IOException {
    network = new ReplicaNetwork(folder);
    origin = JdkOrigin.start(network.originAddress(), 9000);
  }

  @BeforeEach
  void up() throws Exception {
    network.startControl(1);
    network.startControl(2);
    network.addEdge("fra-1", 1, 1);
    network.addEdge("iad-1", 2, 2);
    ReplicaModel.requireDone(ReplicaModel.addSite(network, 1, "shop", HOST, origin.url()));
    EDGES.forEach(edge -> awaitThat(edge + " serves", () -> get(edge, "/a/1").status() == 200));
  }

  @AfterEach
  void down() {
    network.close();
    origin.close();
  }

  private static void awaitThat(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(SOON).until(condition);
  }

  private Fetch.Answer get(String edge, String target) {
    return network.get(edge, HOST, target);
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

  private void purgesEverywhere(int control, String target) throws Exception {
    EDGES.forEach(edge -> get(edge, target));
    ReplicaModel.purge(network, List.of(control), "shop", HOST, target);
    EDGES.forEach(edge -> assertTrue(get(edge, target).isMiss(), edge));
    EDGES.forEach(edge -> assertTrue(get(edge, target).isHit(), edge));
  }

  @Test
  void anyControlPlaneTakesAnyRequestWhereverTheEdgesAre() throws Exception {
    for (int control : List.of(1, 2)) {
      awaitThat(control + " knows the edges of both", () -> knowsBoth(control));
      purgesEverywhere(control, "/a/" + control);
    }
  }

  @Test
  void edgesOfAControlPlaneThatWasKilledGoToTheOtherWhichTheyWereToldOf() throws Exception {
    network.killControl(1);
    awaitThat("the other has both", () -> knowsBoth(2));
    purgesEverywhere(2, "/a/2");
    network.startControl(3);
    awaitThat("both are told of it", () -> network.isToldOf(EDGES, 3));
    network.killControl(2);
    awaitThat("one that came later has both", () -> knowsBoth(3));
    purgesEverywhere(3, "/a/3");
  }

  @Test
  void edgesWhoseLinkFallsSilentGoToTheOther() throws Exception {
    network.link(1).freeze();
    network.link(2).freeze();
    awaitThat("nobody is heard", () -> !knowsBoth(1) && !knowsBoth(2));
    assertEquals(200, get("fra-1", "/a/1").status());
    network.link(2).mend();
    awaitThat("both are at the one whose link works", () -> knowsBoth(2));
    purgesEverywhere(2, "/a/2");
    network.link(1).cut();
    purgesEverywhere(2, "/a/2");
  }

  @Test
  void readersNoticeNothingWhilePostgresIsAwayAndAfterwardsEverythingGoesOn() throws Exception {
    network.stopDatabase();
    CountDownLatch never = new CountDownLatch(1);
    for (int second = 0; second < (FULL ? 60 : 5); second++) {
      EDGES.forEach(edge -> assertEquals(200, get(edge, "/a/1").status(), edge));
      assertFalse(never.await(1, TimeUnit.SECONDS));
    }
    ReplicaNetwork.Answer refused = network.ask(1, "GET", "/v1/sites", "", "");
    assertEquals(503, refused.status(), refused.body());
    network.startDatabase();
    for (int control : List.of(1, 2)) {
      awaitThat(control + " works again", () -> knowsBoth(control));
      purgesEverywhere(control, "/a/" + control);
    }
  }

  @Test
  void readersNoticeNothingWhilePostgresSaysNothing() throws Exception {
    network.toDatabase().freeze();
    CountDownLatch never = new CountDownLatch(1);
    for (int second = 0; second < (FULL ? 60 : 5); second++) {
      EDGES.forEach(edge -> assertEquals(200, get(edge, "/a/1").status(), edge));
      assertFalse(never.await(1, TimeUnit.SECONDS));
    }
    network.toDatabase().mend();
    awaitThat("it works again", () -> knowsBoth(1));
    purgesEverywhere(1, "/a/1");
  }

  @Test
  void aNodeThatComesBackAfterTheLogWasCompactedServesNothingOfWhatWasPurged() throws Exception {
    network.startControl(3, "--log-keep", "3", "--log-compact-every", "1");
    EDGES.forEach(edge -> get(edge, "/a/1"));
    network.killEdge("fra-1");
    for (int i = 1; i <= 8; i++) {
      ReplicaModel.issue(network, List.of(1, 2, 3), "shop", HOST, "/a/" + i);
    }
    awaitThat("the log is compacted", () -> !ReplicaModel.gaps(network).isEmpty());
    network.startEdge("fra-1");
    assertTrue(get("fra-1", "/a/1").isMiss());
    assertTrue(get("fra-1", "/a/1").isHit());
    awaitThat("it is in step", () -> knowsBoth(1));
    purgesEverywhere(1, "/a/1");
  }

  @Test
  void anOlderTransactionHeldOpenDelaysPurgesAndLosesNone() throws Exception {
    try (Connection older = network.database();
        Statement statement = older.createStatement()) {
      older.setAutoCommit(false);
      statement.execute("UPDATE log_head SET purge = purge");
      ReplicaNetwork.Answer late =
          network.ask(
              1, "POST", "/v1/purges", ReplicaModel.purgeOf("shop", HOST, "/a/1"), "older-1");
      assertEquals(503, late.status(), "the lock has a time-out: " + late.body());
      older.rollback();
    }
    purgesEverywhere(1, "/a/1");
    assertEquals(List.of(), ReplicaModel.gaps(network));
  }

  @Test
  void aSiteThatNodesRefuseKeepsItsLastGoodIsNamedAndHindersNoOther() throws Exception {
    // No control plane would take it: it gets there as by one of another build.
    changeSite("UPDATE site SET origins = '{}' WHERE id = 'shop'");
    ReplicaModel.requireDone(
        ReplicaModel.addSite(network, 2, "later", "later.example", origin.url()));
    for (String edge : EDGES) {
      awaitThat(
          edge + " serves what came later",
          () -> network.get(edge, "later.example", "/a/1").status() == 200);
      assertEquals(200, get(edge, "/a/new").status());
      for (int control : List.of(1, 2)) {
        awaitThat(control + " names it", () -> refusals(control, edge).contains("\"shop\""));
      }
    }
    changeSite("UPDATE site SET origins = ARRAY['" + origin.url() + "'] WHERE id = 'shop'");
    for (String edge : EDGES) {
      awaitThat("nothing is refused", () -> refusals(1, edge).isEmpty());
    }
  }

  @Test
  void aSiteThatOneNodeRefusesKeepsItsLastGoodThereAndIsNamedOfThatNodeAlone() throws Exception {
    ReplicaModel.requireDone(network.moveEdge(1, "iad-1", "us"));
    ReplicaModel.requireDone(
        network.ask(
            1,
            "POST",
            "/v1/sites",
            "{\"id\":\"local\",\"hosts\":[\"local.example\"],\"origins\":[\"%s\"],\"regions\":[\"eu\"]}"
                .formatted(origin.url()),
            ""));
    awaitThat("it is served", () -> network.get("fra-1", "local.example", "/a/1").status() == 200);
    changeSite("local", "UPDATE site SET origins = '{}' WHERE id = 'local'");
    ReplicaModel.requireDone(
        ReplicaModel.addSite(network, 2, "later", "later.example", origin.url()));
    for (String edge : EDGES) {
      awaitThat(
          edge + " serves what came later",
          () -> network.get(edge, "later.example", "/a/1").status() == 200);
    }
    for (int control : List.of(1, 2)) {
      awaitThat(control + " names it", () -> refusals(control, "fra-1").contains("\"local\""));
      assertEquals("", refusals(control, "iad-1"));
    }
    assertEquals(200, network.get("fra-1", "local.example", "/a/new").status());
    changeSite(
        "local", "UPDATE site SET origins = ARRAY['" + origin.url() + "'] WHERE id = 'local'");
    awaitThat("nothing is refused", () -> refusals(1, "fra-1").isEmpty());
  }

  private void changeSite(String sql) throws Exception {
    changeSite("shop", sql);
  }

  private void changeSite(String site, String sql) throws Exception {
    try (Connection connection = network.database();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("UPDATE log_head SET revision = revision + 1");
      statement.execute(sql);
      statement.execute(
          "INSERT INTO change_log (revision, kind, resource)"
              + " SELECT revision, 'site', '"
              + site
              + "' FROM log_head");
      connection.commit();
    }
  }

  /** What a node refused by what a control plane knows; empty for nothing. */
  private String refusals(int control, String edge) throws Exception {
    String node = network.ask(control, "GET", "/v1/nodes/" + edge, "", "").body();
    return node.replaceFirst("(?s).*\"refusals\":\\[(.*?)\\].*", "$1");
  }

  @Test
  void controlPlanesThatDieUnderChangesAndPurgesLoseNothingAndDoNothingTwice() throws Exception {
    network.startControl(3);
    ReplicaModel model = new ReplicaModel(network, List.of(1, 2, 3), EDGES, HOST, origin.url());
    model.begin();
    CountDownLatch never = new CountDownLatch(1);
    for (int round = 0; round < (FULL ? 12 : 3); round++) {
      int victim = 1 + round % 3;
      assertFalse(never.await(FULL ? 10 : 4, TimeUnit.SECONDS));
      network.killControl(victim);
      network.startControl(victim);
    }
    model.end();
    model.check();
  }
}
