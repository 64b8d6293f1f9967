package dev.perigee.edge.store;

/**
 * Blocks of one size with the objects that mainly take them: small bodies in one pool, large ones
 * in the other, so that room for one kind is never made by evicting the other. Guarded by its
 * shard's lock, but for the file.
 */
final class Pool {
  final BlockFile file;
  final FreeBlocks free;
  final SlotTable slots = new SlotTable();
  final EvictionQueues queues;
  private final int blockBytes;

  Pool(BlockFile file, int blocks, int blockBytes) {
    this.file = file;
    this.free = new FreeBlocks(blocks);
    this.queues = new EvictionQueues(blocks);
    this.blockBytes = blockBytes;
  }

  /** Blocks of this size that a body of so many bytes takes; at least one. */
  int units(long length) {
    return (int) Math.max(1, (length + blockBytes - 1) / blockBytes);
  }

  /** Takes a slot for an object that is stored anew. */
  int add(long hash, long id, int url, long tags, int site, long length) {
    int slot = slots.add(hash, id, url, tags);
    queues.add(slot, site, units(length), (int) (hash >>> 32));
    return slot;
  }

  /** Gives up the slot of an object that goes for another reason than want of room. */
  void remove(int slot) {
    queues.remove(slot);
    slots.remove(slot);
  }

  /** Gives up the slot of an object that makes room. */
  void evict(int slot) {
    queues.evicted(slot);
    slots.remove(slot);
  }

  /** Bytes of heap for what is known of the objects. */
  long heapBytes() {
    return slots.heapBytes() + queues.heapBytes();
  }

  /** Bytes of the blocks that objects take. */
  long bytes() {
    return queues.used() * blockBytes;
  }
}
