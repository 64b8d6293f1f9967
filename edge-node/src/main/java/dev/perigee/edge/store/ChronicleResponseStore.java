package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store on Chronicle maps.
 *
 * <p>Bodies lie in blocks of two sizes, each in a file that is as large as it will ever be: whole
 * 64 KiB blocks, and up to four 4 KiB blocks for a small body or a tail, so that a small object
 * does not take a large block. One record for each whole object says where its blocks are; it is
 * written last, so that after a crash an object is either whole or not there. Each block names the
 * object it was written for: a record that survived a crash beside blocks that were reused
 * meanwhile is found out on reading.
 *
 * <p>An index on the heap, rebuilt from the records at start, answers what there is; Chronicle is
 * touched only on the store's own threads. Small bodies lately written or read are kept on the heap
 * as well and answered at once.
 *
 * <p>Purges go to the journal and to disk before anything else; then what they cover is removed,
 * and marks remember them for fetches that began earlier. At start the journal is replayed over the
 * records before anything can be found.
 */
public final class ChronicleResponseStore implements ResponseStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChronicleResponseStore.class);
  private static final int WRITE_THREADS = 2;
  private static final int ID_SHIFT = 20;
  private static final long DRAIN_SECONDS = 30;

  /** Objects removed in one go while hits wait. */
  private static final int UNDER_LOCK = 64;

  /** Removals that may wait for the store's threads. */
  private static final int QUEUED_REMOVALS = 128 * UNDER_LOCK;

  final Object lock = new Object();
  final StoreConfig config;
  final Disk disk;
  final BodyMemory memory;
  final ExecutorService readThreads;
  final AtomicLong queued = new AtomicLong();
  private final List<ExecutorService> writeThreads = new ArrayList<>();
  private final StoreIndex index = new StoreIndex();
  private final PurgeMarks marks = new PurgeMarks();
  private final PurgeJournal journal;
  private final Map<Long, List<Integer>> recordBlocks = new HashMap<>();
  private final Map<StoreReason, Long> refusals = new EnumMap<>(StoreReason.class);
  private final AtomicLong nextId;
  private long evictions;

  private ChronicleResponseStore(
      StoreConfig config, Disk disk, PurgeJournal journal, InstantSource clock) {
    this.config = config;
    this.disk = disk;
    this.journal = journal;
    this.memory = new BodyMemory(config.memoryBytes());
    this.nextId = new AtomicLong(clock.millis() << ID_SHIFT);
    this.readThreads = Executors.newFixedThreadPool(2, threads("store-read"));
    for (int i = 0; i < WRITE_THREADS; i++) {
      writeThreads.add(Executors.newSingleThreadExecutor(threads("store-write")));
    }
  }

  private static java.util.concurrent.ThreadFactory threads(String name) {
    return Thread.ofPlatform().daemon().name(name + "-", 0).factory();
  }

  /** Opens the store, with everything that is whole and not purged findable. */
  public static ChronicleResponseStore open(StoreConfig config, InstantSource clock)
      throws IOException {
    Disk disk = Disk.open(config);
    try {
      List<Purge> purges = new ArrayList<>();
      PurgeJournal journal = PurgeJournal.open(config.directory().resolve("purges"), purges);
      ChronicleResponseStore store = new ChronicleResponseStore(config, disk, journal, clock);
      store.replay(purges);
      return store;
    } catch (IOException | RuntimeException e) {
      disk.close();
      throw e;
    }
  }

  /** What is whole and not purged goes into the index. */
  private void replay(List<Purge> purges) {
    marks.startAfter(journal.base());
    purges.forEach(marks::add);
    List<Disk.Found> found = disk.load();
    if (journal.isNew() && !found.isEmpty()) {
      LOG.warn(
          "the journal of purges is lost: the {} objects of the cache are forgotten", found.size());
      found.forEach(one -> disk.remove(one.object().id));
      found = List.of();
    }
    Recovery recovery = Recovery.of(found, marks);
    recovery.dropped().forEach(disk::remove);
    for (Disk.Found kept : recovery.kept()) {
      index.add(kept.object()).forEach(replaced -> disk.remove(replaced.id));
      // The clock may have gone back since: what comes now is newer all the same.
      nextId.accumulateAndGet(kept.object().id, Math::max);
    }
    BitSet large = new BitSet();
    BitSet small = new BitSet();
    for (Disk.Found kept : recovery.kept()) {
      StoredObject object = kept.object();
      if (!object.gone) {
        Arrays.stream(object.large).forEach(large::set);
        Arrays.stream(object.small).forEach(small::set);
        kept.recordBlocks().forEach(large::set);
        if (!kept.recordBlocks().isEmpty()) {
          recordBlocks.put(object.id, kept.recordBlocks());
        }
      }
    }
    disk.large.keepFree(large);
    disk.small.keepFree(small);
    LOG.info(
        "cache open: {} objects, {} bytes, purges applied through {}",
        index.size(),
        index.bytes(),
        marks.last());
  }

  @Override
  public List<StoredResponse> find(CacheKey key) {
    List<StoredObject> found = index.find(key);
    if (found.isEmpty()) {
      return List.of();
    }
    List<StoredResponse> responses = new ArrayList<>(found.size());
    for (StoredObject object : found) {
      responses.add(new ObjectResponse(this, object, object.meta));
    }
    return responses;
  }

  @Override
  public long fence() {
    return marks.last();
  }

  @Override
  public boolean purgedSince(
      long fence, CacheKey key, Optional<? extends Collection<String>> tags) {
    return marks.last() > fence && marks.any(key, tags) > fence;
  }

  @Override
  public ResponseWriter begin(StoredMeta meta, OptionalLong length) {
    Optional<StoreReason> refused = Optional.empty();
    if (length.orElse(0) > config.maxObjectBytes()) {
      refused = Optional.of(StoreReason.TOO_LARGE);
    } else if (queued.get() > config.queueBytes()) {
      refused = Optional.of(StoreReason.BUSY);
    }
    refused.ifPresent(this::count);
    long id = nextId.incrementAndGet();
    ExecutorService thread = writeThreads.get((int) Math.floorMod(id, (long) WRITE_THREADS));
    return new ObjectWriter(this, id, meta, thread, refused);
  }

  @Override
  public Stored refresh(StoredResponse stored, StoredMeta meta) {
    if (!(stored instanceof ObjectResponse(var store, StoredObject object, StoredMeta seen))) {
      throw new IllegalArgumentException("not a response of this store");
    }
    StoredMeta refreshed;
    synchronized (lock) {
      if (object.gone) {
        return new Stored.Refused(StoreReason.GONE);
      }
      if (marks.hard(meta.key(), meta.tags()) > meta.bodyFence()) {
        return new Stored.Refused(StoreReason.PURGED);
      }
      refreshed = PurgeMarks.softened(meta, marks.soft(meta.key(), meta.tags()));
      index.retag(object, refreshed.tags());
      object.meta = refreshed;
    }
    later(object, () -> writeRecord(object));
    return new Stored.Kept(new ObjectResponse(this, object, refreshed));
  }

  @Override
  public void invalidate(CacheKey key) {
    synchronized (lock) {
      index.find(key).forEach(this::removeLocked);
    }
  }

  /**
   * Puts purges in force: on disk first, then over everything stored. Blocks; called by one thread
   * at a time, in order of number.
   *
   * @return number of the last purge in force
   */
  public long applyPurges(List<Purge> batch) throws IOException {
    List<Purge> fresh = batch.stream().filter(purge -> purge.number() > marks.last()).toList();
    if (fresh.isEmpty()) {
      return marks.last();
    }
    journal.append(fresh);
    for (Purge purge : fresh) {
      synchronized (lock) {
        marks.add(purge);
      }
      // What is published from here on is held against the mark.
      remove(index.covered(purge), object -> apply(purge, object));
    }
    if (journal.isFull()) {
      drain();
      disk.forceRecords();
      journal.restart(journal.logId(), marks.last());
    }
    return marks.last();
  }

  /** A few at a time, for hits wait for the lock as well; and with a limit to what queues up. */
  private void remove(List<StoredObject> objects, Consumer<StoredObject> removal)
      throws IOException {
    for (int from = 0; from < objects.size(); from += UNDER_LOCK) {
      List<StoredObject> some = objects.subList(from, Math.min(objects.size(), from + UNDER_LOCK));
      synchronized (lock) {
        some.forEach(removal);
      }
      if (from % QUEUED_REMOVALS == QUEUED_REMOVALS - UNDER_LOCK) {
        drain();
      }
    }
  }

  private void apply(Purge purge, StoredObject object) {
    if (!purge.soft() && purge.number() > object.meta.bodyFence()) {
      removeLocked(object);
    } else if (purge.soft()) {
      object.meta = PurgeMarks.softened(object.meta, purge.number());
      later(object, () -> writeRecord(object));
    }
  }

  /** Work on the object's own store thread; none once the store is closing. */
  private void later(StoredObject object, Runnable work) {
    try {
      writeThreads.get((int) Math.floorMod(object.id, (long) WRITE_THREADS)).execute(work);
    } catch (RejectedExecutionException e) {
      LOG.trace("after the end", e);
    }
  }

  /** Waits until every removal and record so far has reached the maps. */
  private void drain() throws IOException {
    CountDownLatch reached = new CountDownLatch(WRITE_THREADS);
    try {
      writeThreads.forEach(thread -> thread.execute(reached::countDown));
      if (!reached.await(DRAIN_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("the store's writes do not come to an end");
      }
    } catch (RejectedExecutionException e) {
      throw new IOException("the store is closing", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /**
   * Begins to count in another log, or after a gap in this one: everything fetched before {@code
   * purgedThrough} is gone, everything at all when the log is another.
   */
  public void adopt(String logId, long purgedThrough) throws IOException {
    boolean other = !journal.logId().equals(logId);
    long base = other ? purgedThrough : Math.max(purgedThrough, marks.last());
    synchronized (lock) {
      marks.adopt(purgedThrough, other);
    }
    List<StoredObject> older =
        index.all().stream()
            .filter(object -> other || object.meta.bodyFence() < purgedThrough)
            .toList();
    remove(older, this::removeLocked);
    // Were the journal first, a crash in between would leave objects that no number can tell.
    drain();
    disk.forceRecords();
    journal.restart(logId, base);
  }

  /** Number of the last purge in force. */
  public long lastPurge() {
    return marks.last();
  }

  /** Which change log purges count in; empty before the first. */
  public String logId() {
    return journal.logId();
  }

  public StoreStatistics statistics() {
    synchronized (lock) {
      return new StoreStatistics(
          index.size(),
          index.bytes(),
          config.capacityBytes(),
          queued.get(),
          evictions,
          marks.last(),
          refusals);
    }
  }

  void count(StoreReason reason) {
    synchronized (lock) {
      refusals.merge(reason, 1L, Long::sum);
    }
  }

  /** Blocks of one size; room is made where there is none. Empty when none can be made. */
  Optional<Integer> takeBlock(BlockFile file) {
    synchronized (lock) {
      while (file.freeCount() == 0) {
        Optional<StoredObject> victim = index.victim();
        if (victim.isEmpty()) {
          return Optional.empty();
        }
        evictions++;
        removeLocked(victim.get());
      }
      return Optional.of(file.take());
    }
  }

  void giveBlocks(BlockFile file, Collection<Integer> blocks) {
    synchronized (lock) {
      blocks.forEach(file::give);
    }
  }

  /** Makes a written object findable, unless a purge came first. */
  Stored publish(StoredObject object) {
    synchronized (lock) {
      StoredMeta meta = object.meta;
      if (marks.hard(meta.key(), meta.tags()) > meta.bodyFence()) {
        return new Stored.Refused(StoreReason.PURGED);
      }
      object.meta = PurgeMarks.softened(meta, marks.soft(meta.key(), meta.tags()));
      while (index.size() >= config.maxObjects()) {
        Optional<StoredObject> victim = index.victim();
        if (victim.isEmpty()) {
          return new Stored.Refused(StoreReason.FULL);
        }
        evictions++;
        removeLocked(victim.get());
      }
      index.add(object).forEach(this::release);
      return new Stored.Kept(new ObjectResponse(this, object, object.meta));
    }
  }

  /** Writes the object's record; on a store thread. Until then a crash forgets the object. */
  void writeRecord(StoredObject object) {
    byte[] record = ObjectCodec.encode(object);
    List<Integer> blocks = new ArrayList<>();
    for (int i = Disk.recordBlocks(record); i > 0; i--) {
      Optional<Integer> block = takeBlock(disk.large);
      if (block.isEmpty()) {
        giveBlocks(disk.large, blocks);
        disk.remove(object.id);
        return;
      }
      blocks.add(block.get());
    }
    try {
      disk.put(object.id, record, blocks);
    } catch (RuntimeException e) {
      // A segment without room, or a failing disk: the object serves on until the next start. An
      // older record of it must not outlive it: it may lack a purge.
      LOG.debug("record of object {} not written", object.id, e);
      giveBlocks(disk.large, blocks);
      disk.remove(object.id);
      return;
    }
    synchronized (lock) {
      if (object.gone) {
        giveBlocks(disk.large, blocks);
        disk.remove(object.id);
      } else {
        List<Integer> before = blocks.isEmpty() ? null : recordBlocks.put(object.id, blocks);
        if (before != null) {
          giveBlocks(disk.large, before);
        }
      }
    }
  }

  /** Pins an object; false when it is gone. */
  boolean pin(StoredObject object) {
    synchronized (lock) {
      if (object.gone) {
        return false;
      }
      object.pins++;
      object.visited = true;
      return true;
    }
  }

  void unpin(StoredObject object) {
    synchronized (lock) {
      object.pins--;
      if (object.gone && object.pins == 0) {
        freeBlocks(object);
      }
    }
  }

  /** Found broken on reading: it is forgotten. */
  void forget(StoredObject object) {
    synchronized (lock) {
      removeLocked(object);
    }
  }

  private void removeLocked(StoredObject object) {
    if (index.remove(object)) {
      release(object);
    }
  }

  private void release(StoredObject object) {
    memory.forget(object.id);
    if (object.pins == 0) {
      freeBlocks(object);
    }
    later(object, () -> disk.remove(object.id));
  }

  private void freeBlocks(StoredObject object) {
    for (int block : object.large) {
      disk.large.give(block);
    }
    for (int block : object.small) {
      disk.small.give(block);
    }
    List<Integer> blocks = recordBlocks.remove(object.id);
    if (blocks != null) {
      blocks.forEach(disk.large::give);
    }
  }

  /** Writes what is queued and closes the files in order; at most a few seconds. */
  @Override
  public void close() throws IOException {
    boolean done = true;
    for (ExecutorService thread : writeThreads) {
      thread.shutdown();
    }
    readThreads.shutdown();
    try {
      for (ExecutorService thread : writeThreads) {
        done &= thread.awaitTermination(3, TimeUnit.SECONDS);
      }
      done &= readThreads.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      done = false;
    }
    journal.close();
    if (done) {
      disk.close();
    }
  }
}
