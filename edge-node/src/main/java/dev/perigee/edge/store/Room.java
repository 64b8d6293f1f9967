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

  /** Turns that one pool may owe the other, which could not give what was needed. */
  private static final double MOST_BEHIND = 0.125;

  final Object lock = new Object();
  final Chunks chunks;
  final SiteRoom sites = new SiteRoom();
  final Pool large = new Pool(sites);
  final Pool small = new Pool(sites);
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
  }

  /** A site's part of the room, in per cent; under the lock. */
  void limits(int site, int sharePercent, int capPercent) {
    long all = (long) context.config().chunks() * Chunks.PARTS;
    long cap = capPercent >= 100 ? Long.MAX_VALUE : all * capPercent / 100;
    sites.limits(site, all * sharePercent / 100, cap);
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
      if (!evictOne(next())) {
        return false;
      }
    }
  }

  /** A site that holds more than it may loses its own, of the kind that it holds more of. */
  void keepToCap(Pool pool, int slot) {
    while (true) {
      long id;
      synchronized (lock) {
        int site = pool.slots.isTaken(slot) ? pool.queues.site(slot) : -1;
        if (site < 0 || !sites.isOverCap(site)) {
          return;
        }
        Pool most = small.queues.used(site) > large.queues.used(site) ? small : large;
        Pool from = most;
        int victim = from.queues.victimOf(site, one -> mayGo(most, one));
        if (victim < 0) {
          Pool other = most == small ? large : small;
          from = other;
          victim = from.queues.victimOf(site, one -> mayGo(other, one));
        }
        if (victim < 0) {
          return;
        }
        id = evict(from, victim);
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
      if (!evictOne(tries < SMALL_FOR_LARGE ? next() : large)) {
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
      if (!evictOne(next())) {
        return -1;
      }
    }
  }

  private Pool next() {
    synchronized (lock) {
      return next(small, large);
    }
  }

  /**
   * The pool that makes room next. Where the newcomers of one hold more than their part of
   * everything it is theirs; else the one whose queue has gone round less often. So an object has
   * the same time to be asked for in both, as if they were one.
   */
  static Pool next(Pool small, Pool large) {
    if (small.bytes() == 0 || large.bytes() == 0) {
      return small.bytes() == 0 ? large : small;
    }
    long all = small.queues.used() + large.queues.used();
    boolean smallIsOver = small.queues.isProbationOver(all);
    boolean largeIsOver = large.queues.isProbationOver(all);
    if (smallIsOver != largeIsOver) {
      return smallIsOver ? small : large;
    }
    small.queues.catchUp(large.queues, MOST_BEHIND);
    large.queues.catchUp(small.queues, MOST_BEHIND);
    double ahead =
        smallIsOver
            ? small.queues.probationTurns() - large.queues.probationTurns()
            : small.queues.turns() - large.queues.turns();
    return ahead <= 0 ? small : large;
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

  /**
   * One object goes, from this pool where it may, on the write thread. What is a site's share goes
   * last of all; false when everything is being read.
   */
  private boolean evictOne(Pool from) {
    long id;
    synchronized (lock) {
      Pool other = from == large ? small : large;
      id = evictFound(from, from.queues.victim(slot -> mayGo(from, slot)));
      id = id >= 0 ? id : evictFound(other, other.queues.victim(slot -> mayGo(other, slot)));
      id = id >= 0 ? id : evictFound(from, from.queues.lastResort(slot -> mayGo(from, slot)));
      id = id >= 0 ? id : evictFound(other, other.queues.lastResort(slot -> mayGo(other, slot)));
    }
    if (id >= 0) {
      reclaim(id);
    }
    return id >= 0;
  }

  private long evictFound(Pool pool, int slot) {
    return slot < 0 ? -1 : evict(pool, slot);
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
    named += sign * (object.units() + Chunks.PARTS * recordBlocks.length);
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
        if (gone == MOST_FOR_RECORD || !evictOne(next())) {
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
