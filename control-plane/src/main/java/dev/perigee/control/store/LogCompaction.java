package dev.perigee.control.store;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the logs of changes and of purges in bounds: of each only the newest numbers stay. A node
 * that was away for longer gets a snapshot, and everything that it has counts as purged.
 *
 * <p>With a purge goes what was known of it: its receipt, and its idempotency key.
 */
public final class LogCompaction implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogCompaction.class);
  private static final OutageLog OUTAGE = new OutageLog(LOG, "the logs are compacted later");

  /** Rows of one statement, so that it is done long before its time-out. */
  private static final int AT_ONCE = 10_000;

  private final Database database;
  private final long keep;
  private final long everySeconds;
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * One that is not started.
   *
   * @param keep numbers of each log, at least 1
   */
  public LogCompaction(Database database, long keep, long everySeconds) {
    if (keep < 1 || everySeconds < 1) {
      throw new IllegalArgumentException("a log keeps at least 1 number, looked at every second");
    }
    this.database = database;
    this.keep = keep;
    this.everySeconds = everySeconds;
  }

  /** Begins; several control planes may do the same at once. */
  public void start() {
    Thread.ofVirtual().name("compact-log").start(this::follow);
  }

  private void follow() {
    try {
      while (!closed.await(everySeconds, TimeUnit.SECONDS)) {
        try {
          compact();
        } catch (StoreException e) {
          OUTAGE.failed(e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Removes what is too old now. */
  public void compact() {
    remove(
        "DELETE FROM change_log WHERE revision IN (SELECT revision FROM change_log WHERE"
            + " revision <= (SELECT revision FROM log_head) - ? ORDER BY revision LIMIT ?)");
    remove(
        "DELETE FROM purge WHERE number IN (SELECT number FROM purge WHERE"
            + " number <= (SELECT purge FROM log_head) - ? ORDER BY number LIMIT ?)");
  }

  private void remove(String sql) {
    int rows = AT_ONCE;
    while (rows == AT_ONCE && closed.getCount() > 0) {
      rows = database.inTransaction(handle -> handle.execute(sql, keep, AT_ONCE));
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
