package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoreReason;
import java.util.Map;

/**
 * How the store fares.
 *
 * @param bytes of whole bodies
 * @param queuedBytes waiting to be written
 * @param refusals by reason, since the start
 */
public record StoreStatistics(
    int objects,
    long bytes,
    long capacityBytes,
    long queuedBytes,
    long evictions,
    long lastPurge,
    Map<StoreReason, Long> refusals) {
  /** Copies the map. */
  public StoreStatistics {
    refusals = Map.copyOf(refusals);
  }
}
