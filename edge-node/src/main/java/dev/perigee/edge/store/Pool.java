package dev.perigee.edge.store;

/**
 * The objects of one kind: small ones, in small blocks alone, or large ones. Each kind has its own
 * order of eviction, for room of the one is seldom what the other needs. Guarded by its shard's
 * lock.
 */
final class Pool {
  final SlotTable slots = new SlotTable();
  final EvictionQueues queues;
  private final int blocks;
  private final int blockBytes;

  /** What was stored lately, in bytes; older counts half. */
  private long inflow;

  /**
   * @param blocks of this size that the whole file has room for
   */
  Pool(int blocks, int blockBytes) {
    this.queues = new EvictionQueues();
    this.blocks = blocks;
    this.blockBytes = blockBytes;
  }

  /** Blocks of its size that the whole file has room for. */
  int blocks() {
    return blocks;
  }

  /** A site's part of the file, in per cent of all its blocks. */
  void limits(int site, int sharePercent, int capPercent) {
    long cap = capPercent >= 100 ? Long.MAX_VALUE : (long) blocks * capPercent / 100;
    queues.limits(site, (long) blocks * sharePercent / 100, cap);
  }

  /** Blocks of this size that a body of so many bytes takes; at least one. */
  int units(long length) {
    return (int) Math.max(1, (length + blockBytes - 1) / blockBytes);
  }

  /** Takes a slot for an object that is stored anew. */
  int add(long hash, long id, int url, long tags, int site, long length) {
    inflow += (long) units(length) * blockBytes;
    int slot = slots.add(hash, id, url, tags);
    queues.add(slot, site, units(length), fingerprint(hash));
    return slot;
  }

  private static int fingerprint(long hash) {
    return (int) (hash >>> 32);
  }

  /** Gives up the slot of an object that goes for another reason than want of room. */
  void remove(int slot) {
    queues.remove(slot);
    slots.remove(slot);
  }

  /** Gives up the slot of an object that makes room. */
  void evict(int slot) {
    queues.evicted(slot, fingerprint(slots.hash(slot)));
    slots.remove(slot);
  }

  /** Older inflow counts half from now on. */
  void age() {
    inflow /= 2;
  }

  long inflow() {
    return inflow;
  }

  /** How often its inflow it holds: whoever holds more should make room first. */
  double fullness() {
    return bytes() / (inflow + 1.0);
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
