package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.request.CacheKey;
import java.util.Optional;

/**
 * What all shards share.
 *
 * @param config of one shard
 */
record StoreContext(
    StoreConfig config,
    ObjectHash hash,
    PurgeMarks marks,
    Invalidations invalidations,
    MemoryTier memory,
    StoreThreads threads,
    SiteNumbers sites,
    StoreCounters counters,
    Disk.Opener disks) {

  /**
   * The object's meta with soft purges noted; empty when a hard purge that is still told one by
   * one, or an invalidation, covers it.
   */
  Optional<StoredMeta> valid(ObjectRecord object) {
    StoredMeta meta = object.meta();
    CacheKey key = meta.key();
    if (marks.marked(key, meta.tags()) > meta.bodyFence()
        || invalidations.covers(key, object.id())) {
      return Optional.empty();
    }
    return Optional.of(PurgeMarks.softened(meta, marks.soft(key, meta.tags())));
  }
}
