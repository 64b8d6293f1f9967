package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The way of a purge through the store: journal, marks, sweep; and the journal's beginning anew
 * once nothing is left of what it holds.
 */
final class StorePurges implements AutoCloseable {
  private final StoreContext context;
  private final AtomicReferenceArray<@Nullable Shard> shards;
  private final StoreShares shares;
  private final PurgeMarks marks;
  private final PurgeSweeper sweeper;

  /** Guards the journal and what follows. */
  private final Object lock = new Object();

  /** In the journal, in order. */
  private final List<Purge> journalled = new ArrayList<>();

  /** Not swept yet. */
  private final List<Purge> pending = new ArrayList<>();

  private @Nullable Journal journal;
  private boolean everything;
  private int adoptions;
  private boolean allOpen;

  StorePurges(
      StoreContext context,
      AtomicReferenceArray<@Nullable Shard> shards,
      StoreShares shares,
      ScheduledExecutorService sweeps) {
    this.context = context;
    this.shares = shares;
    this.shards = shards;
    this.marks = context.marks();
    this.sweeper = new PurgeSweeper(this::pass, sweeps);
  }

  /**
   * Puts what a journal holds in force; before anything can be found.
   *
   * @param held its purges, in order
   */
  void open(Journal opened, List<Purge> held) {
    synchronized (lock) {
      journal = opened;
      journalled.addAll(held);
      Journal.Head head = opened.head();
      marks.begin(head.generation(), head.logId(), head.base(), head.storedFloor());
      held.forEach(marks::add);
      sweeper.startAfter(marks.last());
    }
  }

  private Journal journal() {
    Journal opened = journal;
    if (opened == null) {
      throw new IllegalStateException("the journal is not open");
    }
    return opened;
  }

  /** A shard that has just been opened: swept first, then findable. */
  void add(int number, Shard shard) throws IOException {
    sweeper.between(
        () -> {
          List<Purge> missed;
          long through;
          synchronized (lock) {
            through = marks.last();
            missed = journalled.stream().filter(p -> stamp(p) > shard.sweptThrough()).toList();
          }
          boolean all = shard.sweptThrough() < marks.storedFloor();
          new ShardSweep(shard, SweepFilter.of(context.hash(), missed, List.of(), all)).run();
          shard.sweptThrough(through);
          shards.set(number, shard);
          shares.apply(shard);
        });
  }

  private long stamp(Purge purge) {
    return PurgeMarks.stamp(marks.generation(), purge.number());
  }

  /** No shard will follow: the journal may be shortened from now on. */
  void allOpen() {
    synchronized (lock) {
      allOpen = true;
    }
    sweeper.ask();
  }

  long sweptThrough() {
    return sweeper.sweptThrough();
  }

  String logId() {
    synchronized (lock) {
      return journal().head().logId();
    }
  }

  void ask() {
    sweeper.ask();
  }

  /** A write to the journal; that the disk refuses is counted. */
  private void noting(PurgeSweeper.Work write) throws IOException {
    try {
      write.run();
    } catch (IOException e) {
      context.counters().faults.increment();
      throw e;
    }
  }

  long apply(List<Purge> batch) throws IOException {
    synchronized (lock) {
      long last = PurgeMarks.number(marks.last());
      List<Purge> fresh = batch.stream().filter(purge -> purge.number() > last).toList();
      if (fresh.isEmpty()) {
        return last;
      }
      noting(() -> journal().append(fresh));
      journalled.addAll(fresh);
      pending.addAll(fresh);
      fresh.forEach(marks::add);
    }
    sweeper.ask();
    return PurgeMarks.number(marks.last());
  }

  void adopt(String logId, long purgedThrough) throws IOException {
    synchronized (lock) {
      Journal now = journal();
      boolean other = !now.head().logId().equals(logId);
      if (!other && purgedThrough <= PurgeMarks.number(marks.last())) {
        return;
      }
      long generation = now.head().generation() + (other ? 1 : 0);
      long floor = PurgeMarks.stamp(generation, purgedThrough);
      Journal.Head begun = new Journal.Head(logId, generation, purgedThrough, floor);
      noting(() -> now.restart(begun, List.of()));
      marks.adopt(generation, logId, purgedThrough);
      journalled.clear();
      pending.clear();
      everything = true;
      adoptions++;
    }
    sweeper.ask();
  }

  /** Clears away what all purges so far cover; on the sweeper's thread. */
  private long pass() throws IOException {
    long through;
    List<Purge> purges;
    List<Map.Entry<Invalidations.Url, Long>> invalidated;
    boolean all;
    int before;
    synchronized (lock) {
      before = adoptions;
      through = marks.last();
      purges = List.copyOf(pending);
      all = everything;
      invalidated = context.invalidations().all();
    }
    SweepFilter filter =
        SweepFilter.of(
            context.hash(), purges, invalidated.stream().map(Map.Entry::getKey).toList(), all);
    for (int number = 0; number < shards.length(); number++) {
      Shard shard = shards.get(number);
      if (shard != null) {
        new ShardSweep(shard, filter).run();
        shard.sweptThrough(through);
      }
    }
    if (!invalidated.isEmpty()) {
      // They stand in no journal: what they cover must have left the maps before they do.
      context.threads().drain();
      context.invalidations().swept(invalidated);
    }
    synchronized (lock) {
      if (before != adoptions) {
        return through;
      }
      pending.subList(0, purges.size()).clear();
      everything = false;
      if (allOpen && (journal().isFull() || marks.isFull())) {
        shorten(through);
      }
    }
    return through;
  }

  /** Nothing is left of the purges up to this stamp, once that is on the disk itself. */
  private void shorten(long through) throws IOException {
    context.threads().drain();
    for (int number = 0; number < shards.length(); number++) {
      Shard shard = shards.get(number);
      if (shard != null) {
        shard.disk.forceRecords();
      }
    }
    Journal now = journal();
    Journal.Head before = now.head();
    long base = PurgeMarks.number(through);
    Journal.Head begun =
        new Journal.Head(before.logId(), before.generation(), base, before.storedFloor());
    noting(() -> now.restart(begun, pending));
    journalled.clear();
    journalled.addAll(pending);
    marks.forget();
    pending.forEach(marks::add);
  }

  /** Sweeps now and waits for it. */
  void sweep() throws IOException {
    sweeper.await();
  }

  /** What the sweeper does, on the caller's thread; by one thread at a time. */
  void sweepHere() {
    sweeper.sweep();
  }

  @Override
  public void close() throws IOException {
    sweeper.close();
    synchronized (lock) {
      if (journal != null) {
        journal.close();
      }
    }
  }
}
