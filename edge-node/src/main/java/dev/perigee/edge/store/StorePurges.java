package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  private final PurgeSweeper sweeper = new PurgeSweeper(this::pass);

  /** Guards the journal and what follows. */
  private final Object lock = new Object();

  /** In the journal, in order. */
  private final List<Purge> journalled = new ArrayList<>();

  /** Not swept yet. */
  private final List<Purge> pending = new ArrayList<>();

  private @Nullable PurgeJournal journal;
  private boolean everything;
  private int adoptions;
  private boolean allOpen;

  StorePurges(
      StoreContext context, AtomicReferenceArray<@Nullable Shard> shards, StoreShares shares) {
    this.context = context;
    this.shares = shares;
    this.shards = shards;
    this.marks = context.marks();
  }

  /** Reads the journal; before anything can be found. */
  void open(StoreFolder folder) throws IOException {
    synchronized (lock) {
      PurgeJournal opened = PurgeJournal.open(folder.journal(), journalled, folder::forget);
      journal = opened;
      marks.begin(opened.generation(), opened.logId(), opened.base(), opened.storedFloor());
      journalled.forEach(marks::add);
      sweeper.startAfter(marks.last());
    }
  }

  private PurgeJournal journal() {
    PurgeJournal opened = journal;
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
      return journal().logId();
    }
  }

  void ask() {
    sweeper.ask();
  }

  long apply(List<Purge> batch) throws IOException {
    synchronized (lock) {
      long last = PurgeMarks.number(marks.last());
      List<Purge> fresh = batch.stream().filter(purge -> purge.number() > last).toList();
      if (fresh.isEmpty()) {
        return last;
      }
      journal().append(fresh);
      journalled.addAll(fresh);
      pending.addAll(fresh);
      fresh.forEach(marks::add);
    }
    sweeper.ask();
    return PurgeMarks.number(marks.last());
  }

  void adopt(String logId, long purgedThrough) throws IOException {
    synchronized (lock) {
      PurgeJournal now = journal();
      boolean other = !now.logId().equals(logId);
      if (!other && purgedThrough <= PurgeMarks.number(marks.last())) {
        return;
      }
      long generation = other ? now.generation() + 1 : now.generation();
      long floor = PurgeMarks.stamp(generation, purgedThrough);
      now.restart(new PurgeJournal.Head(logId, generation, purgedThrough, floor), List.of());
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
    context.invalidations().swept(invalidated);
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
    PurgeJournal now = journal();
    long base = PurgeMarks.number(through);
    PurgeJournal.Head head =
        new PurgeJournal.Head(now.logId(), now.generation(), base, now.storedFloor());
    now.restart(head, pending);
    journalled.clear();
    journalled.addAll(pending);
    marks.forget();
    pending.forEach(marks::add);
  }

  /** Sweeps now and waits for it. */
  void sweep() throws IOException {
    sweeper.await();
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
