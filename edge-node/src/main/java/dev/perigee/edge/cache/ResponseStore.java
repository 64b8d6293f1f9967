package dev.perigee.edge.cache;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.PurgePosition;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The port behind which responses are kept. Every method may be called on an I/O thread and none
 * blocks; what needs the disk goes to the store's own threads.
 */
public interface ResponseStore {
  /**
   * The variants stored under a key that no hard purge has removed, newest first. Soft-purged ones
   * carry the purge's number in their meta.
   *
   * @param found told before this returns where what is known of them is in memory, else later
   *     through {@code thread}
   */
  void find(CacheKey key, Executor thread, Consumer<List<StoredResponse>> found);

  /** Number of the last purge in force: what a fetch that begins now notes as its fence. */
  long fence();

  /** Which purges are in force now, as other nodes count them. */
  PurgePosition position();

  /**
   * Which purge a fence stands for, as other nodes count them; {@link PurgePosition#NONE} where the
   * log has become another since.
   */
  PurgePosition position(long fence);

  /**
   * Whether a hard or soft purge with a number above {@code fence} covers the key: then nobody may
   * join a fetch that began at that fence.
   *
   * @param tags of the response, or empty while its head has not come: then any purge by tag of
   *     that site counts
   */
  boolean purgedSince(long fence, CacheKey key, Optional<? extends Collection<String>> tags);

  /**
   * Begins to keep a response. Never null, even when the store has no room: then the writer refuses
   * at once.
   *
   * @param meta with the fence of the fetch
   * @param length of the body, where known
   */
  ResponseWriter begin(StoredMeta meta, OptionalLong length);

  /**
   * Replaces the meta of a stored response after a validation; refused when a purge after the
   * fences in {@code meta} covers it, or when it is gone.
   */
  Stored refresh(StoredResponse stored, StoredMeta meta);

  /** Removes every variant under the key, as by RFC 9111, section 4.4. */
  void invalidate(CacheKey key);
}
