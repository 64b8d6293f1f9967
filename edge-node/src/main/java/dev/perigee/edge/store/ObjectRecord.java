package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredMeta;

/**
 * One whole response as it stands on the disk: its meta and where its blocks lie.
 *
 * @param id of the object, unique and ascending: what is newer has the greater one
 * @param length of the body, in bytes
 * @param large numbers of the large blocks, in order
 * @param small numbers of the small blocks that follow them
 */
@SuppressWarnings("ArrayRecordComponent") // written once, read by this package only
record ObjectRecord(long id, StoredMeta meta, long length, int[] large, int[] small) {
  /** Small blocks that its body takes, a large one counted as {@link Chunks#PARTS}. */
  int units() {
    return Chunks.PARTS * large.length + small.length;
  }

  ObjectRecord withMeta(StoredMeta other) {
    return new ObjectRecord(id, other, length, large, small);
  }
}
