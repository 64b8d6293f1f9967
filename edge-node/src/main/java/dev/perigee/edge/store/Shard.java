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
 * thread, in order.
 */
final class Shard {
  private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

  /** Variants of one key; past it the oldest goes. */
  private static final int MAX_VARIANTS = 64;

  /** Bodies up to this size are read with their record. */
  private static final int BODY_AT_ONCE = 64 * 1024;

  final Object lock;
  final StoreContext context;
  final Disk disk;
  final Room room;
  private final Executor writes;

  /** Objects whose record on the disk is older than what is known of them. */
  private final Map<Long, Outdated> outdated = new HashMap<>();

  /**
   * What the record will say.
   *
   * @param writes under way
   */
  private record Outdated(StoredObject newest, int writes) {}

  /** Stamp of the last purge of which nothing is left here. */
  private volatile long sweptThrough;

  Shard(StoreContext context, Disk disk, Executor writes) {
    this.context = context;
    this.disk = disk;
    this.writes = writes;
    this.room = new Room(context, disk);
    this.lock = room.lock;
  }

  Executor writes() {
    return writes;
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
                List<StoredObject> read = load(key, hash, true);
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
    for (Pool pool : room.pools()) {
      pool.slots.forEach(hash, slot -> places.add(new Place(pool, slot, pool.slots.id(slot))));
    }
    return places;
  }

  /**
   * Reads what lies under a key; on a store thread.
   *
   * @param withBody whether a small body is read at once, where there is no choice of several:
   *     whoever asks for it will not have to wait for a thread again
   */
  private List<StoredObject> load(CacheKey key, long hash, boolean withBody) {
    Optional<List<StoredObject>> known = context.memory().find(key);
    if (known.isPresent()) {
      return known.get();
    }
    List<Place> places;
    long before;
    synchronized (lock) {
      places = places(hash);
      before = room.changes();
    }
    List<StoredObject> objects = new ArrayList<>(places.size());
    for (Place place : places) {
      Optional<Disk.Found> found = room.readRecord(place.id);
      if (found.isEmpty()) {
        drop(place.pool, place.slot, place.id);
      } else if (found.get().object().meta().key().equals(key)) {
        objects.add(new StoredObject(this, place.pool, place.slot, found.get().object()));
      }
    }
    objects.sort(Comparator.comparingLong(StoredObject::id).reversed());
    if (withBody && objects.size() == 1 && objects.getFirst().length() <= BODY_AT_ONCE) {
      readBody(objects.getFirst());
    }
    synchronized (lock) {
      objects.removeIf(object -> !object.isThere());
      boolean upToDate = objects.stream().noneMatch(object -> outdated.containsKey(object.id()));
      objects.replaceAll(this::newest);
      if (before == room.changes() && upToDate && !objects.isEmpty()) {
        context.memory().put(key, objects);
      }
    }
    return List.copyOf(objects);
  }

  /** What cannot be read is found out by who asks for it. */
  private void readBody(StoredObject object) {
    try {
      ByteBuffer body = ByteBuffer.allocate((int) object.length());
      if (disk.read(object.record, body)) {
        object.body = body.asReadOnlyBuffer();
      }
    } catch (RuntimeException | InternalError e) {
      room.fault("a block cannot be read", e);
    }
  }

  /** A record that cannot be read, where it is still meant to be there. */
  private void drop(Pool pool, int slot, long id) {
    synchronized (lock) {
      if (!pool.slots.holds(slot, id)) {
        return;
      }
      pool.remove(slot);
      room.changed();
    }
    context.counters().broken.increment();
    later(() -> room.reclaim(id));
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
    Optional<int[]> recordBlocks =
        room.makeRoomForOne() ? room.writeRecord(object) : Optional.empty();
    if (recordBlocks.isEmpty()) {
      return new Stored.Refused(StoreReason.FULL);
    }
    List<StoredObject> others = load(key, hash, false);
    StoredObject stored;
    boolean softened;
    synchronized (lock) {
      StoredMeta meta = object.meta();
      // Before the marks are asked: a purge that comes in between has not been looked at.
      long through = context.marks().last();
      boolean purged = context.marks().hard(key, meta.tags()) > meta.bodyFence();
      if (purged) {
        later(() -> room.discard(object.id()));
        return new Stored.Refused(StoreReason.PURGED);
      }
      stored = index(object, hash, through);
      room.own(object, recordBlocks.get());
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
      room.pinned(object.id());
      room.changed();
      context.memory().put(key, variants);
      softened = stored.meta() != object.meta();
      if (softened) {
        outdate(stored);
      }
    }
    if (softened) {
      rewrite(stored);
    }
    room.keepToCap(stored.pool, stored.slot);
    return new Stored.Kept(stored);
  }

  /** Into the index, with soft purges noted; under the lock. */
  private StoredObject index(ObjectRecord object, long hash, long through) {
    StoredMeta meta = object.meta();
    CacheKey key = meta.key();
    StoredMeta softened = PurgeMarks.softened(meta, context.marks().soft(key, meta.tags()));
    Pool pool = room.poolOf(object);
    int slot =
        pool.add(
            hash,
            object.id(),
            context.hash().url(key.host(), key.target()),
            context.hash().tags(meta.tags()),
            context.sites().of(key.site()),
            object.units());
    StoredObject stored = new StoredObject(this, pool, slot, object.withMeta(softened));
    stored.checkedThrough = through;
    return stored;
  }

  /** Takes an object out of the index; its blocks follow. Under the lock. */
  private void unlink(StoredObject object) {
    if (object.isThere()) {
      object.pool.remove(object.slot);
      room.changed();
      later(() -> room.reclaim(object.id()));
    }
  }

  /** Forgets an object that is purged, replaced or broken. */
  void remove(StoredObject object) {
    synchronized (lock) {
      unlink(object);
    }
    context.memory().forget(object.meta().key());
  }

  /** Work on the write thread; none once the store is closing. */
  void later(Runnable work) {
    try {
      writes.execute(work);
    } catch (RejectedExecutionException e) {
      LOG.trace("after the end", e);
      room.leak();
    }
  }

  Optional<StoredBody> open(StoredObject object) {
    object.pool.queues.touch(object.slot);
    if (object.body != null && object.isThere()) {
      return Optional.of(new MemoryBody(object.body));
    }
    return room.pin(object) ? Optional.of(new ObjectBody(this, object)) : Optional.empty();
  }

  /** Puts another meta in force, in memory at once and on the disk soon. */
  Stored refresh(StoredObject object, StoredMeta meta) {
    synchronized (lock) {
      long through = context.marks().last();
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
      newer.checkedThrough = through;
      object.pool.slots.addTags(object.slot, context.hash().tags(meta.tags()));
      room.changed();
      if (!context.memory().replace(newer) && places(context.hash().of(key)).size() == 1) {
        context.memory().put(key, List.of(newer));
      }
      outdate(newer);
      later(() -> rewrite(newer));
      return new Stored.Kept(newer);
    }
  }

  /** The record on the disk is out of date until {@link #rewrite}; under the lock. */
  private void outdate(StoredObject object) {
    outdated.merge(
        object.id(),
        new Outdated(object, 1),
        (before, now) -> new Outdated(now.newest, before.writes + 1));
  }

  /** What is known of an object, which may be newer than its record; under the lock. */
  private StoredObject newest(StoredObject read) {
    Outdated pending = outdated.get(read.id());
    return pending == null ? read : pending.newest;
  }

  /** Writes the record of an object anew that was {@link #outdate}d; on the write thread. */
  private void rewrite(StoredObject object) {
    if (room.pin(object)) {
      rewritePinned(object);
      room.unpin(object);
    }
    synchronized (lock) {
      outdated.computeIfPresent(
          object.id(),
          (id, now) -> now.writes > 1 ? new Outdated(now.newest, now.writes - 1) : null);
      room.changed();
    }
  }

  private void rewritePinned(StoredObject object) {
    int[] before = room.readRecord(object.id()).map(Disk.Found::recordBlocks).orElse(new int[0]);
    Optional<int[]> blocks = room.writeRecord(object.record);
    if (blocks.isPresent()) {
      room.replaced(before, blocks.get());
    } else {
      // An older record must not outlive this state: it may lack a purge.
      remove(object);
    }
  }

  /** Purges up to this stamp have left nothing here. */
  long sweptThrough() {
    return sweptThrough;
  }

  void sweptThrough(long stamp) {
    sweptThrough = stamp;
  }

  /** Does to one object what purges ask for; on the write thread. */
  void settle(Pool pool, int slot, long id) {
    if (!pool.slots.holds(slot, id)) {
      return;
    }
    Optional<Disk.Found> found = room.readRecord(id);
    if (found.isEmpty()) {
      drop(pool, slot, id);
      return;
    }
    StoredObject object = new StoredObject(this, pool, slot, found.get().object());
    Optional<StoredMeta> valid = context.valid(object.record);
    if (valid.isEmpty()) {
      remove(object);
    } else if (valid.get() != object.meta()) {
      long stamp = valid.get().softPurgedBy().orElseThrow();
      StoredObject softened;
      synchronized (lock) {
        // A validation that waits to be written may have come after the purge.
        StoredObject newest = newest(object);
        softened = newest.withMeta(PurgeMarks.softened(newest.meta(), stamp));
        outdate(softened);
      }
      rewrite(softened);
      // After the record, or it could be read as it was and take this place.
      synchronized (lock) {
        room.changed();
        context.memory().soften(object, stamp);
      }
    }
  }
}
