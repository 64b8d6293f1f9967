package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** News of commits go from one control plane to another, over a real PostgreSQL. */
final class LogNewsIT {
  private static final long PATIENCE_MILLIS = 20_000;

  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("news-.*");

  private TestPostgres postgres;
  private LogNumbers here;
  private LogNumbers there;
  private LogNews ofHere;
  private LogNews ofThere;

  @BeforeEach
  void start() throws InterruptedException {
    postgres = TestPostgres.fresh();
    here = new LogNumbers(postgres.database());
    there = new LogNumbers(postgres.database());
    ofHere = new LogNews(postgres.database(), here, "here");
    ofThere = new LogNews(postgres.database(), there, "there");
    ofHere.start();
    ofThere.start();
    assertTrue(ofHere.awaitListening(PATIENCE_MILLIS));
    assertTrue(ofThere.awaitListening(PATIENCE_MILLIS));
  }

  @AfterEach
  void stop() {
    ofHere.close();
    ofThere.close();
    postgres.close();
  }

  @Test
  void aCommitHereWakesWhoWaitsThere() throws InterruptedException {
    long seen = there.generation();
    here.wake();
    there.await(seen, PATIENCE_MILLIS); // nobody else wakes it
    assertNotEquals(seen, there.generation());
  }

  /** The story: no other node saw it, so it was not logged and took up to a second elsewhere. */
  @Test
  void aNodeThatIsDrainedHereIsNewsThere() throws InterruptedException {
    PostgresNodeStore nodes = new PostgresNodeStore(postgres.database(), here);
    nodes.add(PostgresNodeStoreIT.node("syd-1", "ap"));
    long revision = here.head().revision();
    long seen = there.generation();
    nodes.setDraining("syd-1", true);
    there.await(seen, PATIENCE_MILLIS); // nobody else wakes it
    assertEquals(revision + 1, there.head().revision(), "so whoever follows the log reads it");
  }

  @Test
  void whatOnlyConcernsThisOneIsNotTold() throws InterruptedException {
    long seen = there.generation();
    here.stir();
    here.wake();
    there.await(seen, PATIENCE_MILLIS);
    there.await(seen + 1, 200);
    assertEquals(seen + 1, there.generation(), "one commit, one piece of news");
  }

  @Test
  void theListenersConnectionIsMadeAnewWhereItWasCut() throws Exception {
    cutListeners();
    Awaitility.await("it listens again")
        .atMost(Duration.ofSeconds(20))
        .until(() -> listeners() == 2);
    long seen = there.generation();
    here.wake();
    there.await(seen, PATIENCE_MILLIS);
    assertNotEquals(seen, there.generation());
  }

  @Test
  void theNewsAreToldOverANewConnectionWhereTheOldOneWasCut() throws Exception {
    here.wake();
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE query LIKE '%pg_notify%' AND pid <> pg_backend_pid()");
    long seen = there.generation();
    Awaitility.await("a later one is told")
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              here.wake();
              there.await(seen, 200);
              return there.generation() != seen;
            });
  }

  private void cutListeners() throws SQLException {
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
  }

  private long listeners() throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND query LIKE 'LISTEN%'")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private void execute(String sql) throws SQLException {
    postgres.execute(sql);
  }
}
