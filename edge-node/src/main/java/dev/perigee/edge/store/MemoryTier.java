package dev.perigee.edge.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.edge.request.CacheKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is asked for often, on the heap: all variants of a key with their meta and, where they are
 * small, their bodies. Bounded by bytes. A hit here touches neither the disk nor a lock.
 */
final class MemoryTier {
  /** Larger bodies are read from the blocks. */
  static final int MAX_BODY = 256 * 1024;

  private static final int ENTRY_BYTES = 300;

  private final Cache<CacheKey, List<StoredObject>> keys;

  MemoryTier(long maxBytes) {
    keys =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .weigher(
                (CacheKey key, List<StoredObject> objects) ->
                    ENTRY_BYTES + objects.stream().mapToInt(StoredObject::heapBytes).sum())
            .executor(Runnable::run)
            .build();
  }

  /** Everything stored under the key; empty where that is not known here. */
  Optional<List<StoredObject>> find(CacheKey key) {
    return Optional.ofNullable(keys.getIfPresent(key));
  }

  /** Everything stored under a key, newest first; called under its shard's lock. */
  void put(CacheKey key, List<StoredObject> objects) {
    keys.put(key, List.copyOf(objects));
  }

  void forget(CacheKey key) {
    keys.invalidate(key);
  }

  /**
   * Puts an object in the place of an older state of it.
   *
   * @return false when none is here
   */
  boolean replace(StoredObject newer) {
    List<StoredObject> now =
        keys.asMap().computeIfPresent(newer.meta().key(), (key, objects) -> with(objects, newer));
    return now != null && now.contains(newer);
  }

  /** Notes a soft purge on what is here of an object, which may be newer than its record. */
  void soften(StoredObject object, long stamp) {
    keys.asMap()
        .computeIfPresent(
            object.meta().key(),
            (key, objects) -> {
              List<StoredObject> changed = new ArrayList<>(objects);
              changed.replaceAll(
                  one ->
                      one.id() == object.id()
                          ? one.withMeta(PurgeMarks.softened(one.meta(), stamp))
                          : one);
              return List.copyOf(changed);
            });
  }

  private static List<StoredObject> with(List<StoredObject> objects, StoredObject newer) {
    List<StoredObject> changed = new ArrayList<>(objects);
    changed.replaceAll(one -> one.id() == newer.id() ? newer : one);
    return List.copyOf(changed);
  }

  /** Keeps the body of an object that is here. */
  void keepBody(StoredObject object, ByteBuffer body) {
    object.body = body.asReadOnlyBuffer();
    // Another list, so that the entry is weighed anew.
    keys.asMap()
        .computeIfPresent(
            object.meta().key(), (key, objects) -> List.copyOf(new ArrayList<>(objects)));
  }
}
