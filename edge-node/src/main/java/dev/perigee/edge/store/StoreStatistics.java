package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoreReason;
import java.util.Map;

/**
 * How the store fares.
 *
 * @param bytes of the blocks that whole bodies take
 * @param capacityBytes of all files together
 * @param queuedBytes waiting to be written
 * @param indexBytes of heap that the index takes
 * @param openShards of {@code shards}; what belongs to another is not stored
 * @param broken objects whose bytes or record were not what they should be, since the start
 * @param faults reads and writes that the disk refused, since the start
 * @param refusals by reason, since the start
 */
public record StoreStatistics(
    int objects,
    long bytes,
    long capacityBytes,
    long queuedBytes,
    long indexBytes,
    int openShards,
    int shards,
    long evictions,
    long broken,
    long faults,
    long lastPurge,
    Map<StoreReason, Long> refusals) {
  /** Copies the map. */
  public StoreStatistics {
    refusals = Map.copyOf(refusals);
  }
}
