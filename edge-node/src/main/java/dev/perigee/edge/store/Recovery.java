package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredMeta;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Which of the records found at start may be served again.
 *
 * <p>After a crash two records may name the same block, for one was removed and its removal never
 * reached the disk. The block was given to the newer one.
 *
 * @param kept oldest first, with soft purges noted
 * @param dropped ids of the others
 */
record Recovery(List<Disk.Found> kept, List<Long> dropped) {
  /** Decides by the purges known: every hard one since an object's fetch began removes it. */
  static Recovery of(Collection<Disk.Found> found, PurgeMarks marks) {
    List<Disk.Found> newestFirst = new ArrayList<>(found);
    newestFirst.sort(Comparator.comparingLong((Disk.Found one) -> one.object().id).reversed());
    BitSet large = new BitSet();
    BitSet small = new BitSet();
    List<Disk.Found> kept = new ArrayList<>();
    List<Long> dropped = new ArrayList<>();
    for (Disk.Found one : newestFirst) {
      StoredObject object = one.object();
      StoredMeta meta = object.meta;
      boolean own =
          claim(object.large, large)
              && claim(object.small, small)
              && claim(one.recordBlocks().stream().mapToInt(Integer::intValue).toArray(), large);
      if (!own || marks.hard(meta.key(), meta.tags()) > meta.bodyFence()) {
        dropped.add(object.id);
      } else {
        object.meta = PurgeMarks.softened(meta, marks.soft(meta.key(), meta.tags()));
        kept.add(one);
      }
    }
    Collections.reverse(kept);
    return new Recovery(kept, dropped);
  }

  /** Notes blocks as used; false when one was used already. */
  private static boolean claim(int[] blocks, BitSet used) {
    boolean free = true;
    for (int block : blocks) {
      free &= !used.get(block);
      used.set(block);
    }
    return free;
  }
}
