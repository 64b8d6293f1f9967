package dev.perigee.control.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the news that something was committed from one control plane to the others on the same
 * database, within milliseconds.
 *
 * <p>A NOTIFY takes a lock of the whole server at its commit. So it never goes with a change, but
 * over a connection of its own, one at a time, for all that was committed meanwhile; and it only
 * says that there is news and by whom. One that is lost costs a second: whoever waits looks by
 * itself that often.
 */
public final class LogNews implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogNews.class);
  private static final OutageLog OUTAGE =
      new OutageLog(LOG, "news of other control planes take a second now");
  private static final String CHANNEL = "perigee_log";
  private static final int SILENCE_MILLIS = 5_000;
  private static final int CHECK_MILLIS = 5_000;
  private static final long RETRY_MILLIS = 1_000;

  private final Database database;
  private final LogNumbers numbers;
  private final String self;
  private final Semaphore due = new Semaphore(0);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch listening = new CountDownLatch(1);

  private volatile @Nullable Connection toListen;
  private volatile @Nullable Connection toTell;

  /**
   * News that nobody carries yet.
   *
   * @param self which control plane this is: its own news are old to it
   */
  public LogNews(Database database, LogNumbers numbers, String self) {
    this.database = database;
    this.numbers = numbers;
    this.self = self;
  }

  /** Begins to tell and to listen; a database that is away is tried again and again. */
  public void start() {
    numbers.onCommit(due::release);
    Thread.ofVirtual().name("news-listen").start(() -> again(this::listen));
    Thread.ofVirtual().name("news-tell").start(() -> again(this::tell));
  }

  /** Waits until the database knows that this one listens; false if that took longer. */
  public boolean awaitListening(long millis) throws InterruptedException {
    return listening.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Something over a connection, for as long as that lives. */
  private interface Talk {
    void run() throws SQLException, InterruptedException;
  }

  private void again(Talk talk) {
    try {
      while (isOpen()) {
        try {
          talk.run();
        } catch (SQLException e) {
          if (isOpen()) {
            OUTAGE.failed(e);
          }
        }
        if (closed.await(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      toListen = connection;
      statement.execute("LISTEN " + CHANNEL);
      PGConnection source = connection.unwrap(PGConnection.class);
      numbers.stir(); // for what was missed
      listening.countDown();
      while (isOpen()) {
        PGNotification[] came = source.getNotifications(SILENCE_MILLIS);
        if (came == null || came.length == 0) {
          check(connection);
        } else if (hasNews(came)) {
          numbers.stir();
        }
      }
    }
  }

  private boolean hasNews(PGNotification[] came) {
    for (PGNotification notification : came) {
      if (!self.equals(notification.getParameter())) {
        return true;
      }
    }
    return false;
  }

  /** A connection that was cut in silence would listen for ever. */
  private static void check(Connection connection) throws SQLException {
    connection.setNetworkTimeout(Runnable::run, CHECK_MILLIS);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT 1");
    }
  }

  private void tell() throws SQLException, InterruptedException {
    try (Connection connection = database.connect();
        PreparedStatement notify = connection.prepareStatement("SELECT pg_notify(?, ?)")) {
      toTell = connection;
      notify.setString(1, CHANNEL);
      notify.setString(2, self);
      while (isOpen()) {
        due.acquire();
        due.drainPermits();
        if (isOpen()) {
          notify.execute();
        }
      }
    }
  }

  private boolean isOpen() {
    return closed.getCount() > 0;
  }

  @Override
  public void close() {
    closed.countDown();
    due.release();
    abort(toListen);
    abort(toTell);
  }

  private static void abort(@Nullable Connection connection) {
    if (connection != null) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debug("on closing", e);
      }
    }
  }
}
