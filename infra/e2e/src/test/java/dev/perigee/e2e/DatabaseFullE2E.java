package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
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

/** PostgreSQL on a disk that fills up, under changes and purges that a model checks. */
@Full("control planes whose database has no room left")
class DatabaseFullE2E {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final int DISK_MEGABYTES = 112;
  private static final int SECONDS_FULL = 10;
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("fra-1", "iad-1");
  private static final List<Integer> CONTROLS = List.of(1, 2);

  /** Of all that asks: two control planes a dozen times a second, and this test. */
  private static final long TRANSACTIONS_A_SECOND = 300;

  private static final int LOG_LINES = 20;

  private final ReplicaNetwork network;
  private final Origin origin;

  DatabaseFullE2E(@TempDir Path folder) throws IOException {
    network = ReplicaNetwork.onSmallDisk(folder, DISK_MEGABYTES);
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

  @Test
  void aFullDiskRefusesChangesAndPurgesLosesNoneAndGoesOnByItself() throws Exception {
    ReplicaModel model = new ReplicaModel(network, CONTROLS, EDGES, HOST, origin.url());
    model.begin();
    network.postgres().fillDisk();
    for (int control : CONTROLS) {
      awaitThat(control + " refuses purges", () -> isRefused(purge(control)));
      awaitThat(control + " refuses changes", () -> isRefused(change(control)));
    }
    staysWellWhileNothingCanBeWritten();
    network.postgres().freeDisk();
    worksAgain();

    // Without room for its log PostgreSQL gives up, and cannot come back.
    network.postgres().fillDisk();
    long server = network.postgres().server().orElseThrow().pid();
    awaitThat("PostgreSQL has ended", () -> hasEnded(server));
    for (int control : CONTROLS) {
      awaitThat(control + " says so", () -> purge(control).status() == 503);
    }
    readersNoticeNothing();
    network.postgres().freeDisk();
    worksAgain();

    model.end();
    model.check();
  }

  /** Not of the model: without a key, of a page that it does not have. */
  private ReplicaNetwork.Answer purge(int control) throws Exception {
    String body = ReplicaModel.purgeOf("shop", HOST, "/full/" + control);
    return network.ask(control, "POST", "/v1/purges", body, "");
  }

  private ReplicaNetwork.Answer change(int control) throws Exception {
    String site =
        "{\"id\":\"shop\",\"hosts\":[\"%s\"],\"origins\":[\"%s\"]}".formatted(HOST, origin.url());
    return network.ask(control, "PUT", "/v1/sites/shop", site, "");
  }

  private static boolean isRefused(ReplicaNetwork.Answer answer) {
    if (answer.isDone()) {
      return false; // A page that it has may have room for one more.
    }
    assertEquals(507, answer.status(), answer.body());
    assertTrue(answer.body().contains("nothing was changed: free space"), answer.body());
    return true;
  }

  private void staysWellWhileNothingCanBeWritten() throws Exception {
    assertEquals(List.of(), ReplicaModel.gaps(network));
    long transactions = transactions();
    List<Long> lines = CONTROLS.stream().map(this::lines).toList();
    readersNoticeNothing();
    for (int control : CONTROLS) {
      assertEquals(200, network.ask(control, "GET", "/v1/sites", "", "").status());
      long more = lines(control) - lines.get(CONTROLS.indexOf(control));
      assertTrue(more <= LOG_LINES, more + " lines: " + network.control(control).output());
    }
    long more = transactions() - transactions;
    assertTrue(more <= SECONDS_FULL * TRANSACTIONS_A_SECOND, more + " transactions");
    assertEquals(List.of(), ReplicaModel.gaps(network));
  }

  private void readersNoticeNothing() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    for (int second = 0; second < SECONDS_FULL; second++) {
      EDGES.forEach(edge -> assertEquals(200, get(edge, "/a/1").status(), edge));
      EDGES.forEach(edge -> assertEquals(200, get(edge, "/full/new").status(), edge));
      assertFalse(never.await(1, TimeUnit.SECONDS));
    }
  }

  private void worksAgain() {
    for (int control : CONTROLS) {
      awaitThat(control + " takes purges", () -> purge(control).isDone());
      awaitThat(control + " takes changes", () -> change(control).isDone());
    }
  }

  /** Makes it want a new file for its log, unless it is gone. */
  private boolean hasEnded(long server) throws IOException {
    try (Connection connection = network.database();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_switch_wal()");
    } catch (SQLException e) {
      // It ended, or is about to.
    }
    return ProcessHandle.of(server).filter(ProcessHandle::isAlive).isEmpty();
  }

  private long lines(int control) {
    return network.control(control).output().lines().count();
  }

  private long transactions() throws SQLException {
    try (Connection connection = network.database();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database")) {
      row.next();
      return row.getLong(1);
    }
  }
}
