package dev.perigee.control.store;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;

/**
 * The numbers of changes and purges. A number is taken inside the transaction of its change, under
 * the lock of one row that is held until the commit: so a reader that has seen number n has seen
 * everything below it.
 *
 * <p>Whoever waits for news is woken by commits of this process at once, by those of others when
 * {@link LogNews} hears of them, and looks by itself once a second for news that got lost.
 */
public final class LogNumbers {
  private final Database database;
  private final Lock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final List<Runnable> committed = new CopyOnWriteArrayList<>();
  private long generation;

  public LogNumbers(Database database) {
    this.database = database;
  }

  /**
   * How far the logs have come.
   *
   * @param logId which logs these are; another database has another
   */
  public record Head(String logId, long revision, long purge) {}

  public Head head() {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT log_id, revision, purge FROM log_head")
                .map((row, context) -> new Head(row.getString(1), row.getLong(2), row.getLong(3)))
                .one());
  }

  /** Takes the next revision for a change of this transaction, and logs it. */
  static long nextRevision(Handle handle, String kind, String resource) {
    long revision =
        handle
            .createQuery("UPDATE log_head SET revision = revision + 1 RETURNING revision")
            .mapTo(Long.class)
            .one();
    handle.execute(
        "INSERT INTO change_log (revision, kind, resource) VALUES (?, ?, ?)",
        revision,
        kind,
        resource);
    return revision;
  }

  /** Whether a resource was changed after a revision. */
  static boolean isNewer(Handle handle, String kind, String resource, long revision) {
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT 1 FROM change_log"
                + " WHERE revision > ? AND kind = ? AND resource = ?)")
        .bind(0, revision)
        .bind(1, kind)
        .bind(2, resource)
        .mapTo(Boolean.class)
        .one();
  }

  /** Locks the numbers until the commit; the newest purge's. */
  static long lockPurge(Handle handle) {
    return handle.createQuery("SELECT purge FROM log_head FOR UPDATE").mapTo(Long.class).one();
  }

  /** Something was committed here: wakes who waits, and tells who is to know elsewhere. */
  public void wake() {
    stir();
    committed.forEach(Runnable::run);
  }

  /** Called after each commit of this process; must not block. */
  void onCommit(Runnable listener) {
    committed.add(listener);
  }

  /** Wakes who waits, here alone. */
  public void stir() {
    lock.lock();
    try {
      generation++;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What to give {@link #await} to be woken by anything that is committed from now on. */
  public long generation() {
    lock.lock();
    try {
      return generation;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something was committed since {@code seen}, or the time is over. */
  public void await(long seen, long millis) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
      while (generation == seen && nanos > 0) {
        nanos = news.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }
}
