package dev.perigee.control.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes which node applied which purge, and how fast, for every control plane on the database to
 * read. Acknowledgements are noted in memory at once and written together by one thread, at most
 * twenty times a second; what could not be written is written with the next ones. Of a node only
 * the newest is, and the more nodes were written, the longer the thread waits: so ten thousand
 * nodes that acknowledge all the time take a share of the database, and not all of it.
 *
 * <p>Times are measured here, between the database's note of the purge and the arrival of the
 * acknowledgement, both by the database's clock: neither a node's clock nor this machine's counts.
 */
public final class PurgeAcks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PurgeAcks.class);
  private static final OutageLog OUTAGE =
      new OutageLog(LOG, "acknowledgements of nodes wait for the database");
  private static final long MIN_PAUSE_MILLIS = 50;
  private static final long RETRY_MILLIS = 1_000;

  /** For each node that was written; with ten thousand it is a second. */
  private static final long PAUSE_MICROS = 100;

  /** Purges whose times are written at once; those of more wait until they were this long ago. */
  private static final int TIMES_AT_ONCE = 50;

  private static final long TIMES_MILLIS = 1_000;

  /** Newest purges whose acknowledgements are timed. */
  private static final int TIMED = 10_000;

  /** Acknowledgements that wait to be timed; more are applied but not timed. */
  private static final int MAX_WAITING = 200_000;

  /** Purges whose times are kept in the database. */
  private static final int KEPT = 100_000;

  private final Database database;
  private final InstantSource clock;
  private final UUID writer = UUID.randomUUID();
  private final Lock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final Condition written = lock.newCondition();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Map<String, Seen> nodes = new HashMap<>();
  private final Thread thread = Thread.ofVirtual().name("purge-acks").unstarted(this::run);

  /** By node, what is to be written. */
  private Map<String, Long> waiting = new HashMap<>();

  private List<Ack> untimed = new ArrayList<>();
  private long writes;

  // Of the writing thread alone.
  private final @Nullable Timed[] timed = new Timed[TIMED];
  private final BitSet changed = new BitSet(TIMED);
  private long newestTimed;
  private long timesMillis;
  private long swept;

  public PurgeAcks(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** What a connected node said so far. */
  private record Seen(long applied, long timedThrough) {}

  /** A node applied what is above {@code from}, up to {@code through}. */
  private record Ack(long from, long through, long atMillis) {}

  /** A purge that is being timed: in the place that its number has, until a newer one needs it. */
  private record Timed(long number, long issuedMillis, AckTimes times) {}

  /** Begins to write. */
  public void start() {
    thread.start();
  }

  /**
   * A node's stream began.
   *
   * @param applied the last purge that it has in its journal, of this log
   * @param sentFrom what it is sent begins above this one
   */
  public void joined(String node, long applied, long sentFrom) {
    lock.lock();
    try {
      nodes.put(node, new Seen(applied, sentFrom));
      note(node, applied);
    } finally {
      lock.unlock();
    }
  }

  /** A node's only stream ended. */
  public void left(String node) {
    lock.lock();
    try {
      nodes.remove(node);
    } finally {
      lock.unlock();
    }
  }

  /** A node acknowledged everything up to this purge. */
  public void acknowledged(String node, long through) {
    lock.lock();
    try {
      Seen seen = nodes.get(node);
      if (seen == null) {
        return;
      }
      if (through > seen.timedThrough() && untimed.size() < MAX_WAITING) {
        untimed.add(new Ack(seen.timedThrough(), through, clock.millis()));
      }
      long applied = Math.max(through, seen.applied());
      nodes.put(node, new Seen(applied, Math.max(through, seen.timedThrough())));
      if (applied > seen.applied()) {
        note(node, applied);
      }
    } finally {
      lock.unlock();
    }
  }

  /** A node says that everything up to this purge is in force, with whatever else it says. */
  public void holds(String node, long through) {
    lock.lock();
    try {
      Seen seen = nodes.get(node);
      if (seen != null && through > seen.applied()) {
        nodes.put(node, new Seen(through, Math.max(through, seen.timedThrough())));
        note(node, through);
      }
    } finally {
      lock.unlock();
    }
  }

  private void note(String node, long applied) {
    waiting.merge(node, applied, Math::max);
    news.signal();
  }

  /** Waits until something is written that was not when {@code seen} was read, or for so long. */
  void awaitWrite(long seen, long millis) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
      while (writes == seen && nanos > 0) {
        nanos = written.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  long writes() {
    lock.lock();
    try {
      return writes;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      while (true) {
        int written = writeNext();
        long pause =
            written < 0 ? RETRY_MILLIS : Math.max(MIN_PAUSE_MILLIS, written * PAUSE_MICROS / 1_000);
        if (stopping.await(pause, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits for acknowledgements and writes them; of how many nodes, or -1 where the database did not
   * take them.
   */
  private int writeNext() throws InterruptedException {
    Map<String, Long> applied;
    List<Ack> acks;
    boolean quiet;
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(TIMES_MILLIS);
      while (waiting.isEmpty() && (changed.isEmpty() || nanos > 0)) {
        if (changed.isEmpty()) {
          news.await();
        } else {
          nanos = news.awaitNanos(nanos);
        }
      }
      quiet = waiting.isEmpty();
      applied = waiting;
      acks = untimed;
      waiting = new HashMap<>();
      untimed = new ArrayList<>();
    } finally {
      lock.unlock();
    }
    try {
      boolean timesWritten =
          database.inTransaction(
              handle -> {
                write(handle, applied);
                time(handle, acks);
                return writeTimes(handle, quiet);
              });
      if (timesWritten) {
        changed.clear();
      }
      told(true, applied);
      return applied.size();
    } catch (StoreException e) {
      OUTAGE.failed(e);
      told(false, applied);
      return -1;
    }
  }

  private void told(boolean done, Map<String, Long> applied) {
    lock.lock();
    try {
      if (done) {
        writes++;
        written.signalAll();
      } else {
        applied.forEach((node, through) -> waiting.merge(node, through, Math::max));
      }
    } finally {
      lock.unlock();
    }
  }

  private static void write(Handle handle, Map<String, Long> applied) {
    if (applied.isEmpty()) {
      return;
    }
    // In one order for all, so that two control planes do not wait for each other.
    String[] names = applied.keySet().stream().sorted().toArray(String[]::new);
    Long[] through = new TreeMap<>(applied).values().toArray(Long[]::new);
    handle.execute(
        "INSERT INTO node_purge (node, applied)"
            + " SELECT a.node, least(a.applied, h.purge) FROM unnest(?, ?) AS a (node, applied)"
            + " JOIN node n ON n.name = a.node CROSS JOIN log_head h ORDER BY a.node"
            + " ON CONFLICT (node) DO UPDATE SET applied = excluded.applied"
            + " WHERE node_purge.applied < excluded.applied",
        names,
        through);
  }

  /** Counts how long they took; those of purges that are too old are not counted. */
  private void time(Handle handle, List<Ack> acks) {
    if (acks.isEmpty()) {
      return;
    }
    Instant now = handle.createQuery("SELECT clock_timestamp()").mapTo(Instant.class).one();
    long ahead = now.toEpochMilli() - clock.millis();
    learn(handle);
    for (Ack ack : acks) {
      long through = Math.min(ack.through(), newestTimed);
      for (long n = Math.max(ack.from(), newestTimed - TIMED) + 1; n <= through; n++) {
        int place = (int) (n % TIMED);
        Timed purge = timed[place];
        if (purge != null && purge.number() == n) {
          purge.times().add(ack.atMillis() + ahead - purge.issuedMillis());
          changed.set(place);
        }
      }
    }
  }

  /** Reads when the purges were issued that are new here. */
  private void learn(Handle handle) {
    List<Timed> fresh =
        handle
            .createQuery(
                "SELECT number, issued_at FROM purge WHERE number > ? ORDER BY number DESC LIMIT ?")
            .bind(0, newestTimed)
            .bind(1, TIMED)
            .map(
                (row, context) ->
                    new Timed(row.getLong(1), row.getTimestamp(2).getTime(), new AckTimes()))
            .list();
    for (Timed purge : fresh) {
      int place = (int) (purge.number() % TIMED);
      timed[place] = purge;
      changed.clear(place);
      newestTimed = Math.max(newestTimed, purge.number());
    }
  }

  /**
   * Writes the times that changed; false where they wait, for more to change of the same purges.
   *
   * @param all whether nothing comes any more
   */
  private boolean writeTimes(Handle handle, boolean all) {
    if (changed.isEmpty()) {
      return false;
    }
    boolean waited = Math.abs(clock.millis() - timesMillis) >= TIMES_MILLIS;
    if (!all && !waited && changed.cardinality() > TIMES_AT_ONCE) {
      return false;
    }
    timesMillis = clock.millis();
    var batch =
        handle.prepareBatch(
            "INSERT INTO purge_timing (purge, writer, slowest, places, counts)"
                + " VALUES (?, ?, ?, ?, ?) ON CONFLICT (purge, writer) DO UPDATE"
                + " SET slowest = excluded.slowest, places = excluded.places,"
                + " counts = excluded.counts");
    changed.stream()
        .mapToObj(place -> timed[place])
        .filter(Objects::nonNull)
        .forEach(
            purge -> {
              AckTimes times = purge.times();
              batch.add(purge.number(), writer, times.slowest(), times.places(), times.counts());
            });
    batch.execute();
    sweep(handle, newestTimed);
    return true;
  }

  /** Forgets the times of old purges, once for many new ones. */
  private void sweep(Handle handle, long newest) {
    if (newest - swept >= KEPT / 100) {
      handle.execute("DELETE FROM purge_timing WHERE purge <= ?", newest - KEPT);
      swept = newest;
    }
  }

  /** What was not written is known again from the nodes' journals when they come back. */
  @Override
  public void close() {
    stopping.countDown();
    thread.interrupt();
    try {
      if (thread.isAlive()) {
        thread.join(Duration.ofSeconds(5));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
