package dev.perigee.edge.store;

/**
 * The objects of one kind: small ones, in small blocks alone, or large ones. Each kind has its own
 * order of eviction, for room of the one is seldom what the other needs. Guarded by its shard's
 * lock.
 */
final class Pool {
  final SlotTable slots = new SlotTable();
  final EvictionQueues queues;

  Pool(SiteRoom sites) {
    this.queues = new EvictionQueues(sites);
  }

  /**
   * Takes a slot for an object that is stored anew.
   *
   * @param units small blocks that its body takes, a large one counted as {@link Chunks#PARTS}
   */
  int add(long hash, long id, int url, long tags, int site, int units) {
    int slot = slots.add(hash, id, url, tags);
    queues.add(slot, site, Math.max(1, units), fingerprint(hash));
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

  /** Bytes of heap for what is known of the objects. */
  long heapBytes() {
    return slots.heapBytes() + queues.heapBytes();
  }

  /** Bytes of the blocks that objects take. */
  long bytes() {
    return queues.used() * StoreConfig.SMALL;
  }
}
