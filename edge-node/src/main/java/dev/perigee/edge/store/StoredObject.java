package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredMeta;
import org.jspecify.annotations.Nullable;

/**
 * One whole response as the index knows it: its meta and where its blocks lie. Blocks, neighbours
 * and pins are guarded by the store's lock; {@code meta} is replaced whole.
 */
final class StoredObject {
  final long id;
  final long length;
  final int[] large;
  final int[] small;
  volatile StoredMeta meta;
  volatile boolean visited;
  volatile boolean gone;

  /** No purge up to this number covers it that its meta does not tell of. */
  volatile long checkedThrough;

  int pins;
  @Nullable StoredObject older;
  @Nullable StoredObject newer;

  StoredObject(long id, StoredMeta meta, long length, int[] large, int[] small) {
    this.id = id;
    this.meta = meta;
    this.length = length;
    this.large = large;
    this.small = small;
  }
}
