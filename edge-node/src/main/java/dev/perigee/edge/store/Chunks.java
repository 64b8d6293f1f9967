package dev.perigee.edge.store;

import java.util.BitSet;

/**
 * Which room of a file is free. It is divided into chunks of 64 KiB: each is one large block, or it
 * is split into sixteen small ones for as long as any of them is taken. Guarded by its shard's
 * lock.
 */
final class Chunks {
  /** Small blocks of a chunk. */
  static final int PARTS = StoreConfig.LARGE / StoreConfig.SMALL;

  private static final int ALL = (1 << PARTS) - 1;

  private final int chunks;

  /** Large blocks and split chunks. */
  private final BitSet used;

  /** Split chunks with a free part. */
  private final BitSet open;

  /** Which parts of a split chunk are taken; 0 where a chunk is not split. */
  private final char[] parts;

  private int free;
  private int freeParts;
  private int nextChunk;

  /** All is free. */
  Chunks(int chunks) {
    this.chunks = chunks;
    this.used = new BitSet(chunks);
    this.open = new BitSet(chunks);
    this.parts = new char[chunks];
    this.free = chunks;
  }

  /** Chunks that are wholly free. */
  int free() {
    return free;
  }

  /** What is taken, in small blocks. */
  int taken() {
    return PARTS * (chunks - free) - freeParts;
  }

  /** Takes a large block; -1 when no chunk is free. */
  int takeLarge() {
    if (free == 0) {
      return -1;
    }
    int chunk = used.nextClearBit(nextChunk);
    if (chunk >= chunks) {
      chunk = used.nextClearBit(0);
    }
    nextChunk = chunk + 1;
    used.set(chunk);
    free--;
    return chunk;
  }

  /** Takes a small block; -1 when none is free. */
  int takeSmall() {
    int chunk = open.nextSetBit(0);
    if (chunk < 0) {
      chunk = takeLarge();
      if (chunk < 0) {
        return -1;
      }
      split(chunk);
    }
    int part = Integer.numberOfTrailingZeros(~parts[chunk]);
    take(chunk, part);
    return chunk * PARTS + part;
  }

  private void split(int chunk) {
    freeParts += PARTS;
    open.set(chunk);
  }

  private void take(int chunk, int part) {
    parts[chunk] |= (char) (1 << part);
    freeParts--;
    if (parts[chunk] == ALL) {
      open.clear(chunk);
    }
  }

  void giveLarge(int chunk) {
    if (!used.get(chunk) || parts[chunk] != 0) {
      throw new IllegalStateException("chunk " + chunk + " is no large block");
    }
    used.clear(chunk);
    free++;
  }

  void giveSmall(int block) {
    int chunk = block / PARTS;
    int bit = 1 << block % PARTS;
    if ((parts[chunk] & bit) == 0) {
      throw new IllegalStateException("block " + block + " is free already");
    }
    parts[chunk] &= (char) ~bit;
    freeParts++;
    if (parts[chunk] == 0) {
      freeParts -= PARTS;
      open.clear(chunk);
      used.clear(chunk);
      free++;
    } else {
      open.set(chunk);
    }
  }

  /**
   * Takes these large blocks, as a record names them.
   *
   * @return false when one of them is none or is taken: then none is
   */
  boolean claimLarge(int[] named) {
    for (int i = 0; i < named.length; i++) {
      if (named[i] < 0 || named[i] >= chunks || used.get(named[i])) {
        for (int j = 0; j < i; j++) {
          giveLarge(named[j]);
        }
        return false;
      }
      used.set(named[i]);
      free--;
    }
    return true;
  }

  /** The same for small blocks. */
  boolean claimSmall(int[] named) {
    for (int i = 0; i < named.length; i++) {
      if (!claimSmall(named[i])) {
        for (int j = 0; j < i; j++) {
          giveSmall(named[j]);
        }
        return false;
      }
    }
    return true;
  }

  private boolean claimSmall(int block) {
    int chunk = block / PARTS;
    int part = block % PARTS;
    if (block < 0 || chunk >= chunks || (parts[chunk] & 1 << part) != 0) {
      return false;
    }
    if (parts[chunk] == 0) {
      if (used.get(chunk)) {
        return false;
      }
      used.set(chunk);
      free--;
      split(chunk);
    }
    take(chunk, part);
    return true;
  }

  /** Which chunks are large blocks, for the file that keeps them. */
  long[] large() {
    BitSet large = (BitSet) used.clone();
    for (int chunk = 0; chunk < chunks; chunk++) {
      if (parts[chunk] != 0) {
        large.clear(chunk);
      }
    }
    return large.toLongArray();
  }

  /** Which parts of each chunk are small blocks that are taken. */
  char[] small() {
    return parts.clone();
  }

  /**
   * As {@link #large} and {@link #small} gave them, into one that is all free.
   *
   * @return false when they are not of a file such as this
   */
  boolean restore(long[] large, char[] small) {
    int[] claimed = BitSet.valueOf(large).stream().toArray();
    if (small.length != chunks || !claimLarge(claimed)) {
      return false;
    }
    for (int chunk = 0; chunk < chunks; chunk++) {
      for (int part = 0; part < PARTS; part++) {
        if ((small[chunk] & 1 << part) != 0 && !claimSmall(chunk * PARTS + part)) {
          return false;
        }
      }
    }
    return true;
  }
}
