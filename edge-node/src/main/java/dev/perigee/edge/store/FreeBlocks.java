package dev.perigee.edge.store;

import java.util.BitSet;

/** Which blocks of a file are free: a bit each. Guarded by its shard's lock. */
final class FreeBlocks {
  private final BitSet used;
  private final int blocks;
  private int free;
  private int next;

  /** All are free. */
  FreeBlocks(int blocks) {
    this.used = new BitSet(blocks);
    this.blocks = blocks;
    this.free = blocks;
  }

  int count() {
    return free;
  }

  int taken() {
    return blocks - free;
  }

  /** Takes one; there must be one. */
  int take() {
    int block = used.nextClearBit(next);
    if (block >= blocks) {
      block = used.nextClearBit(0);
    }
    if (block >= blocks) {
      throw new IllegalStateException("no block is free");
    }
    used.set(block);
    free--;
    next = block + 1;
    return block;
  }

  void give(int block) {
    if (!used.get(block)) {
      throw new IllegalStateException("block " + block + " is free already");
    }
    used.clear(block);
    free++;
  }

  /**
   * Takes all of these, as a record names them.
   *
   * @return false when one of them is no block or is taken: then none is
   */
  boolean claim(int[] named) {
    for (int i = 0; i < named.length; i++) {
      if (named[i] < 0 || named[i] >= blocks || used.get(named[i])) {
        for (int j = 0; j < i; j++) {
          give(named[j]);
        }
        return false;
      }
      used.set(named[i]);
      free--;
    }
    return true;
  }

  /** The bits, for the file that keeps them. */
  long[] toLongs() {
    return used.toLongArray();
  }

  /** As {@link #toLongs} gave them; false when they are not of a file such as this. */
  boolean restore(long[] bits) {
    BitSet all = BitSet.valueOf(bits);
    if (all.length() > blocks) {
      return false;
    }
    used.clear();
    used.or(all);
    free = blocks - used.cardinality();
    return true;
  }
}
