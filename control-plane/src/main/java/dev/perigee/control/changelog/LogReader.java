package dev.perigee.control.changelog;

import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.PurgeStore.EncodedPurge;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.store.WarmUpStore;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the logs once for all streams of a control plane: with each news, and once a second. Ten
 * thousand streams that each looked for themselves would ask the database thirty thousand times for
 * one purge.
 *
 * <p>The more streams follow, the longer it waits after it told them, for the next news to be more
 * at once: what is told to all costs each of them a message and an acknowledgement.
 */
public final class LogReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogReader.class);
  private static final long LOOK_MILLIS = 1_000;
  private static final int PURGES_AT_ONCE = 500;

  /** What is read at the start, for nodes that were away while the control plane was. */
  private static final long PRELOADED = 5_000;

  /**
   * Some times what it costs to tell one stream and to take its acknowledgement: under a load of
   * purges that is a share of the processors, and not all of them.
   */
  private static final long MICROS_PER_STREAM = 200;

  private static final long MOST_PAUSE_MILLIS = 500;

  /** After so many looks in a row that failed the database counts as lost. */
  private static final int FAILURES = 2;

  private final Sources sources;
  private final InstantSource clock;
  private final long windowBytes;
  private final Set<Runnable> followers = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = Thread.ofVirtual().name("log-reader").unstarted(this::run);
  private volatile PurgeWindow window;
  private volatile LogView view = LogView.NOTHING;

  // Of the reading thread alone.
  private long aroundMillis;
  private int failures;

  /** What is read. */
  public record Sources(
      LogNumbers numbers,
      PurgeStore purges,
      PostgresNodeStore nodes,
      PostgresRolloutStore rollouts,
      WarmUpStore warmUps) {}

  /**
   * One that has read nothing.
   *
   * @param windowBytes of the newest purges that are kept in memory
   */
  public LogReader(Sources sources, long windowBytes, InstantSource clock) {
    this.sources = sources;
    this.windowBytes = windowBytes;
    this.clock = clock;
    this.window = new PurgeWindow(0, windowBytes);
  }

  /** Reads what there is, and from then on what comes; a broken database is an exception. */
  public void start() {
    LogNumbers.Head head = sources.numbers().head();
    long from = Math.max(sources.purges().floor(), head.purge() - PRELOADED);
    window = new PurgeWindow(Math.min(from, head.purge()), windowBytes);
    look(true);
    thread.start();
  }

  /** What the last look found. */
  public LogView view() {
    return view;
  }

  /** The newest purges. */
  public PurgeWindow purges() {
    return window;
  }

  /** Runs this after each look that found something, or that somebody asked for. */
  public void follow(Runnable follower) {
    followers.add(follower);
  }

  /** Does so no more. */
  public void leave(Runnable follower) {
    followers.remove(follower);
  }

  private void run() {
    LogNumbers numbers = sources.numbers();
    long seen = numbers.generation();
    try {
      while (closed.getCount() > 0) {
        numbers.await(seen, LOOK_MILLIS);
        long now = numbers.generation();
        boolean told = tryLook(now != seen);
        seen = now;
        if (told && closed.await(pauseMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long pauseMillis() {
    long millis = TimeUnit.MICROSECONDS.toMillis(followers.size() * MICROS_PER_STREAM);
    return Math.min(MOST_PAUSE_MILLIS, millis);
  }

  /** Looks; whether followers were told. */
  private boolean tryLook(boolean asked) {
    try {
      boolean told = look(asked);
      failures = 0;
      return told;
    } catch (StoreException e) {
      failures++;
      if (failures == FAILURES) {
        LOG.warn("the database does not answer: {}", e.getMessage());
        view = view.asLost();
        tell();
      }
      return false;
    }
  }

  /** Whether followers were told of something. */
  private boolean look(boolean asked) {
    LogView before = view;
    LogNumbers.Head head = sources.numbers().head();
    boolean purged = readPurges(head.purge());
    if (purged) {
      tell();
    }
    boolean around =
        !asked
            || !purged
            || head.revision() != before.revision()
            || Math.abs(clock.millis() - aroundMillis) >= LOOK_MILLIS;
    LogView now =
        around ? lookAround(head.revision()) : before.withWarmUps(sources.warmUps().kept());
    view = now;
    boolean changed = !now.equals(before);
    if (changed || (asked && !purged)) {
      tell();
    }
    return purged || changed || asked;
  }

  /** Everything but the purges, each read after the number that it has to be as new as. */
  private LogView lookAround(long revision) {
    aroundMillis = clock.millis();
    return new LogView(
        revision,
        sources.nodes().placements(),
        sources.rollouts().canaries(),
        sources.warmUps().kept(),
        false);
  }

  private boolean readPurges(long head) {
    boolean any = false;
    if (window.newest() > head) {
      window.skip(head); // another log, as after a backup was restored into this database
    }
    // What is committed meanwhile comes with the rest, and is then newer than the head.
    while (window.newest() < head) {
      any = true;
      try {
        List<EncodedPurge> next = sources.purges().encodedAfter(window.newest(), PURGES_AT_ONCE);
        if (next.isEmpty() || next.getFirst().number() != window.newest() + 1) {
          window.skip(head); // compacted meanwhile
        } else {
          window.add(next);
        }
      } catch (IllegalStateException e) {
        LOG.warn("{}: whoever needs it reads it by itself, and fails alone", e.getMessage());
        window.skip(head);
      }
    }
    return any;
  }

  private void tell() {
    followers.forEach(Runnable::run);
  }

  /** Followers are told nothing any more. */
  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
  }
}
