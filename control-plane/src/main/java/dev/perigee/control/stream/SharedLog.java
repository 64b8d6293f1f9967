package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.control.changelog.ChangeLog;
import dev.perigee.control.changelog.LogReader;
import dev.perigee.control.changelog.LogView;
import dev.perigee.control.changelog.PurgeWindow;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.PurgeStore.EncodedPurge;
import dev.perigee.control.store.StoreException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/**
 * What is new, encoded once for all streams. A stream takes from here what follows on what it sent;
 * where it is too far behind for that it reads the database, a few of them at one time.
 */
final class SharedLog {
  private static final int PURGES_AT_ONCE = 500;

  /** Runs of purges that are kept ready: streams that are far apart are not many. */
  private static final int RUNS = 256;

  /** Updates that are kept, by number and by size; one that is larger is kept alone. */
  private static final int UPDATES = 64;

  private static final long UPDATE_BYTES = 64L << 20;

  /** A snapshot serves until so much changed since; then comes a delta. */
  private static final long SNAPSHOT_AGE = 100;

  private final LogReader reader;
  private final ChangeLog changes;
  private final PurgeStore purges;
  private final Semaphore reads;
  private final LongAdder readsDone = new LongAdder();
  private final LongAdder updatesMade = new LongAdder();
  private volatile Runs runs = new Runs(0, new ConcurrentHashMap<>());

  // Guarded by itself; the least lately used first.
  private final LinkedHashMap<Key, CompletableFuture<Update>> updates =
      new LinkedHashMap<>(16, 0.75f, true);

  /** By where they begin, runs up to the newest purge of some moment. */
  private record Runs(long newest, Map<Long, PurgeRun> byStart) {}

  /** Purges that follow on some number, in one message. */
  record PurgeRun(long through, WireMessage message) {}

  /**
   * What an update is made from.
   *
   * @param from 0 for a snapshot
   * @param to 0 for a snapshot, of which the newest is kept
   * @param node empty for all that are no canaries
   * @param asks for nodes that can ask readers for certificates
   */
  private record Key(long from, long to, String region, String node, boolean asks) {}

  /** An update in its parts. */
  record Update(long revision, List<WireMessage> parts) {
    static Update of(List<FromControl.Update> parts) {
      return new Update(parts.getLast().revision(), parts.stream().map(WireMessage::of).toList());
    }

    long bytes() {
      return parts.stream().mapToLong(WireMessage::bytes).sum();
    }
  }

  /**
   * What was done so far, and what is kept.
   *
   * @param purgeReads by streams that were behind the window
   * @param updatesMade from the database, each for all streams that need it
   * @param windowBytes of the newest purges
   */
  record Counts(long purgeReads, long updatesMade, long windowBytes) {}

  /**
   * A log over a reader.
   *
   * @param readsAtOnce streams that read the database at one time
   */
  SharedLog(LogReader reader, ChangeLog changes, PurgeStore purges, int readsAtOnce) {
    this.reader = reader;
    this.changes = changes;
    this.purges = purges;
    this.reads = new Semaphore(readsAtOnce, true);
  }

  LogReader reader() {
    return reader;
  }

  LogView view() {
    return reader.view();
  }

  Counts counts() {
    return new Counts(readsDone.sum(), updatesMade.sum(), reader.purges().bytes());
  }

  /** Whether there are purges after this one. */
  boolean hasPurgesAfter(long number) {
    return reader.purges().newest() > number;
  }

  /** What follows on a purge that is not the newest; empty where the log does not reach back. */
  Optional<PurgeRun> purgesAfter(long number) throws InterruptedException {
    PurgeWindow window = reader.purges();
    Runs ready = runs;
    if (ready.newest() != window.newest()) {
      ready = new Runs(window.newest(), new ConcurrentHashMap<>());
      runs = ready;
    }
    PurgeRun known = ready.byStart().get(number);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<PurgeRun> fresh = window.after(number).map(SharedLog::run);
    if (fresh.isPresent() && ready.byStart().size() < RUNS) {
      ready.byStart().put(number, fresh.get());
    }
    return fresh.isPresent() ? fresh : readPurges(number);
  }

  private static PurgeRun run(PurgeWindow.Run run) {
    return new PurgeRun(run.through(), WireMessage.of(run));
  }

  private Optional<PurgeRun> readPurges(long number) throws InterruptedException {
    readsDone.increment();
    List<EncodedPurge> next = reading(() -> purges.encodedAfter(number, PURGES_AT_ONCE));
    return next.isEmpty() || next.getFirst().number() != number + 1
        ? Optional.empty()
        : Optional.of(run(PurgeWindow.of(next)));
  }

  /**
   * What brings an edge to where the log is.
   *
   * @param from the edge's revision, 0 for none
   * @param view has another revision than that
   * @param since nothing older than this does
   * @param asks whether the edge can ask readers for certificates
   */
  Update update(long from, long since, LogView view, String region, String node, boolean asks)
      throws InterruptedException {
    String variant = view.canaries().contains(node) ? node : "";
    if (from > 0) {
      Update delta =
          shared(
              new Key(from, view.revision(), region, variant, asks),
              () ->
                  changes
                      .delta(from, view.revision(), region, variant, asks)
                      .map(Update::of)
                      .orElse(new Update(0, List.of())));
      if (!delta.parts().isEmpty()) {
        return delta;
      }
    }
    Key key = new Key(0, 0, region, variant, asks);
    Callable<Update> make =
        () -> Update.of(changes.snapshot(view.revision(), region, variant, asks));
    Update snapshot = shared(key, make);
    boolean young = snapshot.revision() >= Math.max(since, view.revision() - SNAPSHOT_AGE);
    // Of one that is not newer than the edge the log may hold no more of what follows either.
    if (young && snapshot.revision() > from) {
      return snapshot;
    }
    forget(key, snapshot);
    return shared(key, make);
  }

  /** Made by the first stream that needs it, while the others wait for it. */
  private Update shared(Key key, Callable<Update> make) throws InterruptedException {
    CompletableFuture<Update> own = new CompletableFuture<>();
    CompletableFuture<Update> there;
    synchronized (updates) {
      there = updates.putIfAbsent(key, own);
    }
    if (there != null) {
      return result(there);
    }
    try {
      updatesMade.increment();
      own.complete(reading(make));
    } catch (InterruptedException | RuntimeException e) {
      synchronized (updates) {
        updates.remove(key, own);
      }
      own.completeExceptionally(
          e instanceof InterruptedException ? new StoreException("given up", e) : e);
      throw e;
    }
    trim();
    return result(own);
  }

  private void forget(Key key, Update old) {
    synchronized (updates) {
      CompletableFuture<Update> there = updates.get(key);
      if (there != null && old.equals(there.getNow(null))) {
        updates.remove(key);
      }
    }
  }

  private void trim() {
    synchronized (updates) {
      long bytes =
          updates.values().stream()
              .filter(CompletableFuture::isDone)
              .mapToLong(SharedLog::bytes)
              .sum();
      var oldest = updates.values().iterator();
      while (updates.size() > 1 && (updates.size() > UPDATES || bytes > UPDATE_BYTES)) {
        CompletableFuture<Update> next = oldest.next();
        bytes -= next.isDone() ? bytes(next) : 0;
        oldest.remove();
      }
    }
  }

  private static long bytes(CompletableFuture<Update> done) {
    return done.isCompletedExceptionally() ? 0 : done.join().bytes();
  }

  private static Update result(CompletableFuture<Update> made) throws InterruptedException {
    try {
      return made.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException problem) {
        throw problem;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Reads the database, as soon as it is this stream's turn. */
  private <T> T reading(Callable<T> read) throws InterruptedException {
    reads.acquire();
    try {
      return read.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      reads.release();
    }
  }
}
