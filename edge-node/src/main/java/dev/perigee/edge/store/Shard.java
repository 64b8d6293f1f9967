package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.request.CacheKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One part of the store, with its own files, index, eviction and lock.
 *
 * <p>The index on the heap holds only hashes: it says that something <em>may</em> be stored under a
 * key, and the record on the disk says what. Everything that changes the disk is done by one
 * thread, in order. Who reads a body pins it; an object that goes while it is pinned leaves the
 * index at once and gives its blocks back at the last unpin.
 */
final class Shard {
  private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

  /** Variants of one key; past it the oldest goes. */
  private static final int MAX_VARIANTS = 64;

  final Object lock = new Object();
  final StoreContext context;
  final Disk disk;
  final Pool large;
  final Pool small;
  private final Executor writes;
  private final Map<Long, Integer> pins = new HashMap<>();
  private final Map<Long, Disk.Found> pinnedAndGone = new HashMap<>();

  /** Counts what would make a record that is just being read out of date. */
  private long changes;

  /** Blocks that belong to an object of the index, or to one that is pinned and gone. */
  private int named;

  /** Blocks are taken that nothing names. */
  private boolean leaky;

  /** Stamp of the last purge of which nothing is left here. */
  private volatile long sweptThrough;

  Shard(StoreContext context, Disk disk, Executor writes) {
    this.context = context;
    this.disk = disk;
    this.writes = writes;
    this.large = new Pool(disk.large, context.config().largeBlocks(), StoreConfig.LARGE);
    this.small = new Pool(disk.small, context.config().smallBlocks(), StoreConfig.SMALL);
  }

  Executor writes() {
    return writes;
  }

  List<Pool> pools() {
    return List.of(small, large);
  }

  /** Where an object lies that has no large block, or one that has. */
  Pool poolOf(ObjectRecord object) {
    return object.large().length > 0 ? large : small;
  }

  /** Everything under a key, newest first, whatever purges say; told as the port promises. */
  void find(CacheKey key, long hash, Executor thread, Consumer<List<StoredObject>> found) {
    Optional<List<StoredObject>> known = context.memory().find(key);
    if (known.isPresent()) {
      found.accept(known.get());
      return;
    }
    synchronized (lock) {
      if (places(hash).isEmpty()) {
        found.accept(List.of());
        return;
      }
    }
    try {
      context
          .threads()
          .reads()
          .execute(
              () -> {
                List<StoredObject> read = load(key, hash);
                thread.execute(() -> found.accept(read));
              });
    } catch (RejectedExecutionException e) {
      LOG.trace("the store is closing", e);
      found.accept(List.of());
    }
  }

  private record Place(Pool pool, int slot, long id) {}

  private List<Place> places(long hash) {
    List<Place> places = new ArrayList<>(2);
    for (Pool pool : pools()) {
      pool.slots.forEach(hash, slot -> places.add(new Place(pool, slot, pool.slots.id(slot))));
    }
    return places;
  }

  /** Reads what lies under a key; on a store thread. */
  private List<StoredObject> load(CacheKey key, long hash) {
    Optional<List<StoredObject>> known = context.memory().find(key);
    if (known.isPresent()) {
      return known.get();
    }
    List<Place> places;
    long before;
    synchronized (lock) {
      places = places(hash);
      before = changes;
    }
    List<StoredObject> objects = new ArrayList<>(places.size());
    for (Place place : places) {
      Optional<Disk.Found> found = readRecord(place.id);
      if (found.isEmpty()) {
        drop(place.pool, place.slot, place.id);
      } else if (found.get().object().meta().key().equals(key)) {
        objects.add(new StoredObject(this, place.pool, place.slot, found.get().object()));
      }
    }
    objects.sort(Comparator.comparingLong(StoredObject::id).reversed());
    synchronized (lock) {
      objects.removeIf(object -> !object.isThere());
      if (before == changes && !objects.isEmpty()) {
        context.memory().put(key, objects);
      }
    }
    return List.copyOf(objects);
  }

  private Optional<Disk.Found> readRecord(long id) {
    try {
      return disk.find(id);
    } catch (RuntimeException | InternalError e) {
      fault("record " + id + " cannot be read", e);
      return Optional.empty();
    }
  }

  /** A read or write that the disk refused; a page of a map that cannot be had is an Error. */
  void fault(String what, Throwable e) {
    context.counters().faults.increment();
    LOG.debug("{}", what, e);
  }

  /** A record that cannot be read, where it is still meant to be there. */
  private void drop(Pool pool, int slot, long id) {
    synchronized (lock) {
      if (!pool.slots.holds(slot, id)) {
        return;
      }
      pool.remove(slot);
      changes++;
    }
    context.counters().broken.increment();
    later(() -> reclaim(id));
  }

  /**
   * Makes a written object findable, unless a purge came first. On the write thread. What is kept
   * is pinned once; what is refused keeps its blocks.
   *
   * @param body where it is small enough for memory
   */
  Stored publish(ObjectRecord object, Optional<ByteBuffer> body) {
    CacheKey key = object.meta().key();
    long hash = context.hash().of(key);
    Optional<int[]> recordBlocks = makeRoomForOne() ? writeRecord(object) : Optional.empty();
    if (recordBlocks.isEmpty()) {
      return new Stored.Refused(StoreReason.FULL);
    }
    List<StoredObject> others = load(key, hash);
    StoredObject stored;
    synchronized (lock) {
      StoredMeta meta = object.meta();
      boolean purged = context.marks().hard(key, meta.tags()) > meta.bodyFence();
      if (purged) {
        later(() -> discard(object.id()));
        return new Stored.Refused(StoreReason.PURGED);
      }
      stored = index(object, hash);
      named(object, recordBlocks.get(), 1);
      stored.body = body.map(ByteBuffer::asReadOnlyBuffer).orElse(null);
      List<StoredObject> variants = new ArrayList<>(List.of(stored));
      for (StoredObject other : others) {
        boolean same =
            other.meta().varyNames().equals(meta.varyNames())
                && other.meta().varyValues().equals(meta.varyValues());
        if (same || variants.size() >= MAX_VARIANTS) {
          unlink(other);
        } else if (other.isThere()) {
          variants.add(other);
        }
      }
      pins.merge(object.id(), 1, Integer::sum);
      changes++;
      context.memory().put(key, variants);
    }
    if (stored.meta() != object.meta()) {
      rewrite(stored);
    }
    keepToCap(stored.pool, stored.slot);
    return new Stored.Kept(stored);
  }

  /** Into the index, with soft purges noted; under the lock. */
  private StoredObject index(ObjectRecord object, long hash) {
    StoredMeta meta = object.meta();
    CacheKey key = meta.key();
    StoredMeta softened = PurgeMarks.softened(meta, context.marks().soft(key, meta.tags()));
    Pool pool = poolOf(object);
    int slot =
        pool.add(
            hash,
            object.id(),
            context.hash().url(key.host(), key.target()),
            context.hash().tags(meta.tags()),
            context.sites().of(key.site()),
            object.length());
    StoredObject stored = new StoredObject(this, pool, slot, object.withMeta(softened));
    stored.checkedThrough = context.marks().last();
    return stored;
  }

  private boolean makeRoomForOne() {
    while (true) {
      Pool pool;
      synchronized (lock) {
        if (small.slots.size() + large.slots.size() < context.config().maxObjects()) {
          return true;
        }
        pool = small.slots.size() > 0 ? small : large;
      }
      if (!evictOne(pool)) {
        return false;
      }
    }
  }

  /** A site that holds more than it may loses its own. */
  private void keepToCap(Pool pool, int slot) {
    while (true) {
      synchronized (lock) {
        if (!pool.slots.isTaken(slot) || !pool.queues.overCap(pool.queues.site(slot))) {
          return;
        }
      }
      if (!evictOne(pool)) {
        return;
      }
    }
  }

  /** A free block of the pool, for which others may have to go; -1 when there is none. */
  int takeBlock(Pool pool) {
    while (true) {
      synchronized (lock) {
        if (pool.free.count() > 0) {
          return pool.free.take();
        }
      }
      if (!evictOne(pool)) {
        return -1;
      }
    }
  }

  void giveBlocks(Pool pool, int[] blocks, int count) {
    synchronized (lock) {
      for (int i = 0; i < count; i++) {
        pool.free.give(blocks[i]);
      }
    }
  }

  /** On the write thread; false when everything is being read. */
  private boolean evictOne(Pool pool) {
    long id;
    synchronized (lock) {
      int victim = pool.queues.victim(slot -> !pins.containsKey(pool.slots.id(slot)));
      if (victim < 0) {
        return false;
      }
      id = pool.slots.id(victim);
      pool.evict(victim);
      changes++;
    }
    context.counters().evictions.increment();
    reclaim(id);
    return true;
  }

  /** Takes an object out of the index; its blocks follow. Under the lock. */
  private void unlink(StoredObject object) {
    if (object.isThere()) {
      object.pool.remove(object.slot);
      changes++;
      later(() -> reclaim(object.id()));
    }
  }

  /** Forgets an object that is purged, replaced or broken. */
  void remove(StoredObject object) {
    synchronized (lock) {
      unlink(object);
    }
    context.memory().forget(object.meta().key());
  }

  /** Gives back what an object that left the index had on the disk; on the write thread. */
  private void reclaim(long id) {
    Optional<Disk.Found> found = readRecord(id);
    forgetRecord(id);
    synchronized (lock) {
      if (found.isEmpty()) {
        leaky = true;
      } else if (pins.containsKey(id)) {
        pinnedAndGone.put(id, found.get());
      } else {
        free(found.get());
      }
    }
    found.ifPresent(gone -> context.memory().forget(gone.object().meta().key()));
  }

  /** Forgets a record beside which nothing was published. */
  private void discard(long id) {
    int[] blocks = readRecord(id).map(Disk.Found::recordBlocks).orElse(new int[0]);
    forgetRecord(id);
    giveBlocks(large, blocks, blocks.length);
  }

  private void forgetRecord(long id) {
    try {
      disk.remove(id);
    } catch (RuntimeException | InternalError e) {
      fault("record " + id + " cannot be removed", e);
    }
  }

  /** The object's blocks belong to it from now on, or no more. */
  void named(ObjectRecord object, int[] recordBlocks, int sign) {
    named += sign * (object.large().length + object.small().length + recordBlocks.length);
  }

  private void free(Disk.Found gone) {
    named(gone.object(), gone.recordBlocks(), -1);
    for (int block : gone.object().large()) {
      large.free.give(block);
    }
    for (int block : gone.object().small()) {
      small.free.give(block);
    }
    for (int block : gone.recordBlocks()) {
      large.free.give(block);
    }
  }

  /** Work on the write thread; none once the store is closing. */
  void later(Runnable work) {
    try {
      writes.execute(work);
    } catch (RejectedExecutionException e) {
      LOG.trace("after the end", e);
      synchronized (lock) {
        leaky = true;
      }
    }
  }

  Optional<StoredBody> open(StoredObject object) {
    object.pool.queues.touch(object.slot);
    if (object.body != null && object.isThere()) {
      return Optional.of(new MemoryBody(object.body));
    }
    return pin(object) ? Optional.of(new ObjectBody(this, object)) : Optional.empty();
  }

  private boolean pin(StoredObject object) {
    synchronized (lock) {
      if (!object.isThere()) {
        return false;
      }
      pins.merge(object.id(), 1, Integer::sum);
      return true;
    }
  }

  void unpin(StoredObject object) {
    synchronized (lock) {
      if (pins.merge(object.id(), -1, Integer::sum) == 0) {
        pins.remove(object.id());
        Disk.Found gone = pinnedAndGone.remove(object.id());
        if (gone != null) {
          free(gone);
        }
      }
    }
  }

  /** Puts another meta in force, in memory at once and on the disk soon. */
  Stored refresh(StoredObject object, StoredMeta meta) {
    synchronized (lock) {
      // By its old tags first: under the new ones a purge would miss it.
      if (!object.isThere() || context.valid(object.record).isEmpty()) {
        unlink(object);
        return new Stored.Refused(StoreReason.GONE);
      }
      CacheKey key = meta.key();
      if (context.marks().hard(key, meta.tags()) > meta.bodyFence()) {
        return new Stored.Refused(StoreReason.PURGED);
      }
      StoredMeta softened = PurgeMarks.softened(meta, context.marks().soft(key, meta.tags()));
      StoredObject newer = object.withMeta(softened);
      newer.checkedThrough = context.marks().last();
      object.pool.slots.addTags(object.slot, context.hash().tags(meta.tags()));
      changes++;
      if (!context.memory().replace(newer) && places(context.hash().of(key)).size() == 1) {
        context.memory().put(key, List.of(newer));
      }
      later(() -> rewrite(newer));
      return new Stored.Kept(newer);
    }
  }

  /** Writes the record of a stored object anew; on the write thread. */
  void rewrite(StoredObject object) {
    if (!pin(object)) {
      return;
    }
    int[] before = readRecord(object.id()).map(Disk.Found::recordBlocks).orElse(new int[0]);
    Optional<int[]> blocks = writeRecord(object.record);
    if (blocks.isPresent()) {
      synchronized (lock) {
        named += blocks.get().length - before.length;
      }
      giveBlocks(large, before, before.length);
    } else {
      // An older record must not outlive this state: it may lack a purge.
      remove(object);
    }
    unpin(object);
  }

  /**
   * Writes a record, with blocks of its own where it is long; on the write thread.
   *
   * @return those blocks; empty when it could not be written
   */
  private Optional<int[]> writeRecord(ObjectRecord object) {
    byte[] record = ObjectCodec.encode(object);
    int[] blocks = new int[Disk.recordBlocks(record)];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = takeBlock(large);
      if (blocks[i] < 0) {
        giveBlocks(large, blocks, i);
        return Optional.empty();
      }
    }
    try {
      disk.put(object.id(), record, blocks);
      return Optional.of(blocks);
    } catch (RuntimeException | InternalError e) {
      // A segment without room, or a failing disk.
      fault("record " + object.id() + " is not written", e);
      giveBlocks(large, blocks, blocks.length);
      return Optional.empty();
    }
  }

  /** Purges up to this stamp have left nothing here. */
  long sweptThrough() {
    return sweptThrough;
  }

  void sweptThrough(long stamp) {
    sweptThrough = stamp;
  }

  /** Whether blocks are taken that nothing names; then the index is not worth keeping. */
  boolean isLeaky() {
    synchronized (lock) {
      return leaky || !pinnedAndGone.isEmpty() || named != small.free.taken() + large.free.taken();
    }
  }

  /** Every block that is taken belongs to an object. */
  void allNamed() {
    named = small.free.taken() + large.free.taken();
  }

  /** Does to one object what purges ask for; on the write thread. */
  void settle(Pool pool, int slot, long id) {
    if (!pool.slots.holds(slot, id)) {
      return;
    }
    Optional<Disk.Found> found = readRecord(id);
    if (found.isEmpty()) {
      drop(pool, slot, id);
      return;
    }
    StoredObject object = new StoredObject(this, pool, slot, found.get().object());
    Optional<StoredMeta> valid = context.valid(object.record);
    if (valid.isEmpty()) {
      remove(object);
    } else if (valid.get() != object.meta()) {
      synchronized (lock) {
        changes++;
        context.memory().soften(object, valid.get().softPurgedBy().orElseThrow());
      }
      rewrite(object.withMeta(valid.get()));
    }
  }
}
