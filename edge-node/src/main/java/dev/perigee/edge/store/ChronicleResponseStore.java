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
import java.util.concurrent.Executor;
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
 * <p>Purges go to the journal and to disk before anything else; then marks put them in force, for
 * what is stored and for fetches that began earlier, and a sweeper removes what they cover. At
 * start the journal is replayed over the records before anything can be found.
 */
public final class ChronicleResponseStore implements ResponseStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChronicleResponseStore.class);
  private static final int ID_SHIFT = 20;

  /** Objects removed in one go while hits wait. */
  private static final int UNDER_LOCK = 64;

  /** Removals that may wait for the store's threads. */
  private static final int QUEUED_REMOVALS = 128 * UNDER_LOCK;

  final Object lock = new Object();
  final StoreConfig config;
  final Disk disk;
  final BodyMemory memory;
  final StoreThreads threads = new StoreThreads();
  final AtomicLong queued = new AtomicLong();
  private final StoreIndex index = new StoreIndex();
  private final PurgeMarks marks = new PurgeMarks();
  private final PurgeJournal journal;
  private final PurgeSweeper sweeper;
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
    this.sweeper =
        new PurgeSweeper(purge -> remove(index.covered(purge), object -> apply(purge, object)));
    this.nextId = new AtomicLong(clock.millis() << ID_SHIFT);
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
    sweeper.startAfter(marks.last());
    LOG.info(
        "cache open: {} objects, {} bytes, purges applied through {}",
        index.size(),
        index.bytes(),
        marks.last());
  }

  @Override
  public void find(CacheKey key, Executor thread, Consumer<List<StoredResponse>> found) {
    found.accept(find(key));
  }

  private List<StoredResponse> find(CacheKey key) {
    // Asked in this order: what is found after the sweep is what the sweep left.
    long through = marks.last();
    boolean swept = sweeper.sweptThrough() >= through;
    List<StoredObject> found = index.find(key);
    if (found.isEmpty()) {
      return List.of();
    }
    List<StoredResponse> responses = new ArrayList<>(found.size());
    for (StoredObject object : found) {
      if (swept || object.checkedThrough >= through || settle(object, through)) {
        responses.add(new ObjectResponse(this, object, object.meta));
      }
    }
    return responses;
  }

  /** Does for one object what the sweeper has not come to yet; false when it is gone. */
  private boolean settle(StoredObject object, long through) {
    synchronized (lock) {
      if (object.gone) {
        return false;
      }
      StoredMeta meta = object.meta;
      if (marks.marked(meta.key(), meta.tags()) > meta.bodyFence()) {
        removeLocked(object);
        return false;
      }
      StoredMeta softened = PurgeMarks.softened(meta, marks.soft(meta.key(), meta.tags()));
      if (!softened.softPurgedBy().equals(meta.softPurgedBy())) {
        object.meta = softened;
        threads.later(object, () -> writeRecord(object));
      }
      object.checkedThrough = through;
      return true;
    }
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
    return new ObjectWriter(this, id, meta, threads.writesOf(id), refused);
  }

  @Override
  public Stored refresh(StoredResponse stored, StoredMeta meta) {
    if (!(stored instanceof ObjectResponse(var store, StoredObject object, StoredMeta seen))) {
      throw new IllegalArgumentException("not a response of this store");
    }
    StoredMeta refreshed;
    synchronized (lock) {
      // By its old tags first: under the new ones a purge would miss it.
      if (!settle(object, marks.last())) {
        return new Stored.Refused(StoreReason.GONE);
      }
      if (marks.hard(meta.key(), meta.tags()) > meta.bodyFence()) {
        return new Stored.Refused(StoreReason.PURGED);
      }
      refreshed = PurgeMarks.softened(meta, marks.soft(meta.key(), meta.tags()));
      index.retag(object, refreshed.tags());
      object.meta = refreshed;
    }
    threads.later(object, () -> writeRecord(object));
    return new Stored.Kept(new ObjectResponse(this, object, refreshed));
  }

  @Override
  public void invalidate(CacheKey key) {
    synchronized (lock) {
      index.find(key).forEach(this::removeLocked);
    }
  }

  /**
   * Puts purges in force: on disk first, then by their marks; the sweeper clears away behind.
   * Blocks for the disk; called by one thread at a time, in order of number.
   *
   * @return number of the last purge in force
   */
  public long applyPurges(List<Purge> batch) throws IOException {
    List<Purge> fresh = batch.stream().filter(purge -> purge.number() > marks.last()).toList();
    if (fresh.isEmpty()) {
      return marks.last();
    }
    journal.append(fresh);
    synchronized (lock) {
      fresh.forEach(marks::add);
    }
    sweeper.add(fresh);
    if (journal.isFull() || marks.isFull()) {
      beginJournalAnew();
    }
    return marks.last();
  }

  /** Once nothing is left of the purges in it, on the disk itself. */
  private void beginJournalAnew() throws IOException {
    if (sweeper.await()) {
      threads.drain();
      disk.forceRecords();
      journal.restart(journal.logId(), marks.last());
      marks.forget();
    }
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
        threads.drain();
      }
    }
  }

  private void apply(Purge purge, StoredObject object) {
    if (!purge.soft() && purge.number() > object.meta.bodyFence()) {
      removeLocked(object);
    } else if (purge.soft()) {
      object.meta = PurgeMarks.softened(object.meta, purge.number());
      threads.later(object, () -> writeRecord(object));
    }
  }

  /**
   * Begins to count in another log, or after a gap in this one: everything fetched before {@code
   * purgedThrough} is gone, everything at all when the log is another.
   */
  public void adopt(String logId, long purgedThrough) throws IOException {
    if (!sweeper.await()) {
      LOG.warn("purges before the new beginning are not cleared away");
    }
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
    threads.drain();
    disk.forceRecords();
    journal.restart(logId, base);
    sweeper.startAfter(base);
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
    threads.later(object, () -> disk.remove(object.id));
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
    sweeper.close();
    boolean done = threads.end();
    journal.close();
    if (done) {
      disk.close();
    }
  }
}
