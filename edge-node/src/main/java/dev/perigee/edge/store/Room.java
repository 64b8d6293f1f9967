package dev.perigee.edge.store;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The room of one shard: its blocks, the objects that hold them, who reads them, and who makes room
 * for others. An object that goes while it is read leaves the index at once and gives its blocks
 * back at the last unpin.
 */
final class Room {
  private static final Logger LOG = LoggerFactory.getLogger(Room.class);

  /** Small objects that may go for one large block before large ones do. */
  private static final int SMALL_FOR_LARGE = 48;

  /** Objects that may go for the room of one record. */
  private static final int MOST_FOR_RECORD = 128;

  final Object lock = new Object();
  final Chunks chunks;
  final Pool large;
  final Pool small;
  private final StoreContext context;
  private final Disk disk;
  private final Map<Long, Integer> pins = new HashMap<>();
  private final Map<Long, Disk.Found> pinnedAndGone = new HashMap<>();

  /** Blocks that belong to an object of the index, or to one that is pinned and gone. */
  private int named;

  /** Blocks are taken that nothing names. */
  private boolean leaky;

  private long changes;

  Room(StoreContext context, Disk disk) {
    this.context = context;
    this.disk = disk;
    this.chunks = new Chunks(context.config().chunks());
    this.large = new Pool(context.config().chunks(), StoreConfig.LARGE);
    this.small = new Pool(context.config().chunks() * Chunks.PARTS, StoreConfig.SMALL);
  }

  List<Pool> pools() {
    return List.of(small, large);
  }

  /** Where an object lies that has no large block, or one that has. */
  Pool poolOf(ObjectRecord object) {
    return object.large().length > 0 ? large : small;
  }

  /** Counts what makes a record that is just being read out of date; under the lock. */
  long changes() {
    return changes;
  }

  /** What is being read of the records may be out of date; under the lock. */
  void changed() {
    changes++;
  }

  /** Room for one object more; on the write thread. */
  boolean makeRoomForOne() {
    while (true) {
      synchronized (lock) {
        if (small.slots.size() + large.slots.size() < context.config().maxObjects()) {
          return true;
        }
      }
      Pool from = fuller();
      if (!evictOne(from) && !evictOne(from == large ? small : large)) {
        return false;
      }
    }
  }

  /** A site that holds more than it may loses its own. */
  void keepToCap(Pool pool, int slot) {
    while (true) {
      long id;
      synchronized (lock) {
        if (!pool.slots.isTaken(slot) || !pool.queues.overCap(pool.queues.site(slot))) {
          return;
        }
        int victim = pool.queues.victimOf(pool.queues.site(slot), one -> mayGo(pool, one));
        if (victim < 0) {
          return;
        }
        id = evict(pool, victim);
      }
      reclaim(id);
    }
  }

  /** A large block, for which others may have to go; -1 when there is none. */
  int takeLarge() {
    for (int tries = 0; ; tries++) {
      synchronized (lock) {
        int chunk = chunks.takeLarge();
        if (chunk >= 0) {
          return chunk;
        }
      }
      // Small objects seldom leave a whole chunk behind.
      Pool from = tries < SMALL_FOR_LARGE ? fuller() : large;
      if (!evictOne(from) && !evictOne(from == large ? small : large)) {
        return -1;
      }
    }
  }

  /** A small block, likewise. */
  int takeSmall() {
    while (true) {
      synchronized (lock) {
        int block = chunks.takeSmall();
        if (block >= 0) {
          return block;
        }
      }
      Pool from = fuller();
      if (!evictOne(from) && !evictOne(from == large ? small : large)) {
        return -1;
      }
    }
  }

  /** The pool that holds more of what came lately; what came long ago counts less and less. */
  private Pool fuller() {
    synchronized (lock) {
      return fuller(small, large, (long) context.config().chunks() * StoreConfig.LARGE);
    }
  }

  static Pool fuller(Pool small, Pool large, long capacity) {
    if (small.inflow() + large.inflow() > capacity) {
      small.age();
      large.age();
    }
    return small.fullness() >= large.fullness() ? small : large;
  }

  void giveLarge(int[] blocks, int count) {
    synchronized (lock) {
      for (int i = 0; i < count; i++) {
        chunks.giveLarge(blocks[i]);
      }
    }
  }

  void giveSmall(int[] blocks, int count) {
    synchronized (lock) {
      for (int i = 0; i < count; i++) {
        chunks.giveSmall(blocks[i]);
      }
    }
  }

  /** On the write thread; false when everything is being read. */
  private boolean evictOne(Pool pool) {
    long id;
    synchronized (lock) {
      int victim = pool.queues.victim(slot -> mayGo(pool, slot));
      if (victim < 0) {
        return false;
      }
      id = evict(pool, victim);
    }
    reclaim(id);
    return true;
  }

  private boolean mayGo(Pool pool, int slot) {
    return !pins.containsKey(pool.slots.id(slot));
  }

  private long evict(Pool pool, int slot) {
    long id = pool.slots.id(slot);
    pool.evict(slot);
    changes++;
    context.counters().evictions.increment();
    return id;
  }

  /** Gives back what an object that left the index had on the disk; on the write thread. */
  void reclaim(long id) {
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
  void discard(long id) {
    int[] blocks = readRecord(id).map(Disk.Found::recordBlocks).orElse(new int[0]);
    forgetRecord(id);
    giveLarge(blocks, blocks.length);
  }

  private void forgetRecord(long id) {
    try {
      disk.remove(id);
    } catch (RuntimeException | InternalError e) {
      fault("record " + id + " cannot be removed", e);
    }
  }

  /** The object's blocks belong to it from now on; under the lock. */
  void own(ObjectRecord object, int[] recordBlocks) {
    named(object, recordBlocks, 1);
  }

  private void named(ObjectRecord object, int[] recordBlocks, int sign) {
    int large = object.large().length + recordBlocks.length;
    named += sign * (Chunks.PARTS * large + object.small().length);
  }

  private void free(Disk.Found gone) {
    named(gone.object(), gone.recordBlocks(), -1);
    giveLarge(gone.object().large(), gone.object().large().length);
    giveSmall(gone.object().small(), gone.object().small().length);
    giveLarge(gone.recordBlocks(), gone.recordBlocks().length);
  }

  /** Keeps an object's blocks from being reused; false when it is gone. */
  boolean pin(StoredObject object) {
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

  /** Notes who reads an object that is being stored; under the lock. */
  void pinned(long id) {
    pins.merge(id, 1, Integer::sum);
  }

  /** The record of an object; empty when it cannot be read. */
  Optional<Disk.Found> readRecord(long id) {
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

  /**
   * Writes a record, with blocks of its own where it is long; on the write thread.
   *
   * @return those blocks; empty when it could not be written
   */
  Optional<int[]> writeRecord(ObjectRecord object) {
    byte[] record = ObjectCodec.encode(object);
    int[] blocks = new int[Disk.recordBlocks(record)];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = takeLarge();
      if (blocks[i] < 0) {
        giveLarge(blocks, i);
        return Optional.empty();
      }
    }
    if (put(object.id(), record, blocks)) {
      return Optional.of(blocks);
    }
    giveLarge(blocks, blocks.length);
    return Optional.empty();
  }

  /** Where the file of records is full, by long heads, others go until there is room. */
  private boolean put(long id, byte[] record, int[] blocks) {
    for (int gone = 0; ; gone++) {
      try {
        disk.put(id, record, blocks);
        return true;
      } catch (IllegalStateException e) {
        Pool from = fuller();
        if (gone == MOST_FOR_RECORD
            || (!evictOne(from) && !evictOne(from == large ? small : large))) {
          fault("record " + id + " finds no room", e);
          return false;
        }
      } catch (RuntimeException | InternalError e) {
        fault("record " + id + " is not written", e);
        return false;
      }
    }
  }

  /** Another record has taken the place of one with these blocks of its own. */
  void replaced(int[] before, int[] now) {
    synchronized (lock) {
      named += Chunks.PARTS * (now.length - before.length);
    }
    giveLarge(before, before.length);
  }

  /** What should have been given back was not. */
  void leak() {
    synchronized (lock) {
      leaky = true;
    }
  }

  /** Whether blocks are taken that nothing names; then the index is not worth keeping. */
  boolean isLeaky() {
    synchronized (lock) {
      return leaky || !pinnedAndGone.isEmpty() || named != chunks.taken();
    }
  }

  /** Every block that is taken belongs to an object. */
  void allNamed() {
    named = chunks.taken();
  }
}
