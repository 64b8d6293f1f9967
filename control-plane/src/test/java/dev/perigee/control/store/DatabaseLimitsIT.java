package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nothing waits for the database longer than its limit says. */
final class DatabaseLimitsIT {
  private TestPostgres postgres;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  private DatabaseConfig config(int connections, long connect, long statement, long lock) {
    return new DatabaseConfig(
        postgres.url(),
        postgres.user(),
        postgres.password(),
        connections,
        Duration.ofMillis(connect),
        Duration.ofMillis(statement),
        Duration.ofMillis(lock),
        Duration.ofMillis(500));
  }

  /** The last cause's message, which is the server's word. */
  private static String end(Throwable problem) {
    Throwable at = problem;
    while (at.getCause() != null) {
      at = at.getCause();
    }
    return String.valueOf(at.getMessage());
  }

  @Test
  void aStatementThatTakesTooLongIsEnded() {
    try (Database database = Database.open(config(2, 5_000, 300, 300))) {
      StoreException ended =
          assertThrows(
              StoreException.class,
              () -> database.read(handle -> handle.execute("SELECT pg_sleep(60)")));
      assertTrue(end(ended).contains("statement timeout"), end(ended));
    }
  }

  @Test
  void aLockThatIsHeldIsNotWaitedForForever() throws Exception {
    try (Connection older = postgres.connect();
        Statement statement = older.createStatement();
        Database database = Database.open(config(2, 5_000, 60_000, 300))) {
      older.setAutoCommit(false);
      statement.execute("UPDATE log_head SET purge = purge");
      StoreException ended =
          assertThrows(StoreException.class, () -> database.inTransaction(LogNumbers::lockPurge));
      assertTrue(end(ended).contains("lock timeout"), end(ended));
    }
  }

  @Test
  void aTransactionThatDoesNothingIsEndedAndHoldsItsLocksNoLonger() throws Exception {
    try (Database database = Database.open(config(3, 5_000, 60_000, 60_000));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch locked = new CountDownLatch(1);
      CountDownLatch freed = new CountDownLatch(1);
      var idle =
          threads.submit(
              () ->
                  database.inTransaction(
                      handle -> {
                        LogNumbers.lockPurge(handle);
                        locked.countDown();
                        awaitQuietly(freed);
                        return LogNumbers.lockPurge(handle);
                      }));
      locked.await();
      assertEquals(0L, database.inTransaction(LogNumbers::lockPurge));
      freed.countDown();
      assertThrows(java.util.concurrent.ExecutionException.class, idle::get);
    }
  }

  @Test
  void whereThePoolIsUsedUpTheNextOneIsRefusedInTime() throws Exception {
    try (Database database = Database.open(config(2, 300, 60_000, 60_000));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch taken = new CountDownLatch(2);
      CountDownLatch freed = new CountDownLatch(1);
      for (int i = 0; i < 2; i++) {
        var _ =
            threads.submit(
                () ->
                    database.read(
                        handle -> {
                          taken.countDown();
                          awaitQuietly(freed);
                          return 0;
                        }));
      }
      taken.await();
      StoreException refused = assertThrows(StoreException.class, () -> database.read(handle -> 0));
      assertTrue(end(refused).contains("not available"), end(refused));
      freed.countDown();
    }
  }

  /** The story: a network that swallows everything kept every request for as long as TCP does. */
  @Test
  void aServerThatAcceptsAndSaysNothingIsGivenUp() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      String url = "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/any";
      DatabaseConfig config = DatabaseConfig.of(url, "user", "");
      DatabaseConfig hasty =
          new DatabaseConfig(
              config.url(),
              config.user(),
              config.password(),
              2,
              Duration.ofMillis(500),
              Duration.ofMillis(500),
              Duration.ofMillis(500),
              Duration.ofMillis(500));
      assertThrows(RuntimeException.class, () -> Database.open(hasty));
    }
  }

  @Test
  void aLimitThatWouldWaitForeverIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> config(2, 0, 300, 300));
    assertThrows(IllegalArgumentException.class, () -> config(1, 300, 300, 300));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
