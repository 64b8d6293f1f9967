package dev.perigee.edge.store;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Which slots are taken, by the hash of what lies in them: a hash table in columns of primitives,
 * without an object for an entry. Beside the hash a slot has the object's id, the hash of its URL
 * and a Bloom filter of its tags, so that purges find their candidates without reading the disk.
 *
 * <p>28 bytes a slot and 6 to 12 in the table. Guarded by its shard's lock, but for {@link #holds}.
 */
final class SlotTable {
  private static final int LEAST = 1024;

  /** Of {@link #ids}: nothing lies in the slot. */
  private static final long FREE = 0;

  private long[] hashes = new long[LEAST];
  private volatile long[] ids = new long[LEAST];
  private long[] tagBits = new long[LEAST];
  private int[] urls = new int[LEAST];

  /** Slot plus one, at the first free place from the hash on; 0 for none. */
  private int[] table = new int[2 * LEAST];

  /** Slots given back, as a list through {@link #urls}; slot plus one. */
  private int firstFree;

  private int end;
  private int size;

  /** Slots taken. */
  int size() {
    return size;
  }

  /** Every slot taken is below it. */
  int end() {
    return end;
  }

  /** Takes a slot for an object. */
  int add(long hash, long id, int url, long tags) {
    if (3 * (size + 1) > 2 * table.length) {
      rehash();
    }
    int slot = takeSlot();
    hashes[slot] = hash;
    tagBits[slot] = tags;
    urls[slot] = url;
    ids[slot] = id;
    table[freePlace(hash)] = slot + 1;
    size++;
    return slot;
  }

  /** Gives a slot back. */
  void remove(int slot) {
    int place = placeOf(slot);
    // What lies behind moves up where it may (Knuth, volume 3, 6.4, algorithm R).
    int mask = table.length - 1;
    int hole = place;
    for (int at = (hole + 1) & mask; table[at] != 0; at = (at + 1) & mask) {
      int home = home(hashes[table[at] - 1]);
      boolean mayMove = ((at - home) & mask) >= ((at - hole) & mask);
      if (mayMove) {
        table[hole] = table[at];
        hole = at;
      }
    }
    table[hole] = 0;
    ids[slot] = FREE;
    urls[slot] = firstFree;
    firstFree = slot + 1;
    size--;
  }

  /** Every slot with this hash. */
  void forEach(long hash, IntConsumer action) {
    int mask = table.length - 1;
    for (int at = home(hash); table[at] != 0; at = (at + 1) & mask) {
      int slot = table[at] - 1;
      if (hashes[slot] == hash) {
        action.accept(slot);
      }
    }
  }

  /**
   * Whether the object lies in the slot still. May be asked without the lock; then the answer may
   * be of a moment ago.
   */
  boolean holds(int slot, long id) {
    long[] now = ids;
    return slot < now.length && now[slot] == id;
  }

  boolean isTaken(int slot) {
    return slot < end && ids[slot] != FREE;
  }

  long id(int slot) {
    return ids[slot];
  }

  long hash(int slot) {
    return hashes[slot];
  }

  int url(int slot) {
    return urls[slot];
  }

  long tags(int slot) {
    return tagBits[slot];
  }

  /** More tags; the old ones stay in the filter, which may say yes too often but never no. */
  void addTags(int slot, long tags) {
    tagBits[slot] |= tags;
  }

  /** Bytes of heap that the columns take. */
  long heapBytes() {
    return 28L * hashes.length + 4L * table.length;
  }

  private int takeSlot() {
    if (firstFree != 0) {
      int slot = firstFree - 1;
      firstFree = urls[slot];
      return slot;
    }
    if (end == hashes.length) {
      // By an eighth: what is copied is little beside what is stored, and little lies unused.
      int length = Math.addExact(end, Math.max(LEAST, end / 8));
      hashes = Arrays.copyOf(hashes, length);
      ids = Arrays.copyOf(ids, length);
      tagBits = Arrays.copyOf(tagBits, length);
      urls = Arrays.copyOf(urls, length);
    }
    return end++;
  }

  private void rehash() {
    table = new int[Math.multiplyExact(table.length, 2)];
    for (int slot = 0; slot < end; slot++) {
      if (ids[slot] != FREE) {
        table[freePlace(hashes[slot])] = slot + 1;
      }
    }
  }

  private int freePlace(long hash) {
    int at = home(hash);
    while (table[at] != 0) {
      at = (at + 1) & (table.length - 1);
    }
    return at;
  }

  private int placeOf(int slot) {
    int at = home(hashes[slot]);
    while (table[at] != slot + 1) {
      if (table[at] == 0) {
        throw new IllegalStateException("slot " + slot + " is not in the table");
      }
      at = (at + 1) & (table.length - 1);
    }
    return at;
  }

  /** Shards are told apart by the hash's upper bits; here the lower count. */
  private int home(long hash) {
    return (int) hash & (table.length - 1);
  }
}
