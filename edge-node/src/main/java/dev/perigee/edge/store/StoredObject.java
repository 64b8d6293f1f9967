package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stored response in memory: its record and the slot it has in its pool. There may be several of
 * one record, of different age; that the record is still there only the slot says.
 */
final class StoredObject implements StoredResponse {
  private static final int BLOCK_BYTES = 4;

  /** A meta with its fields, maps and dates, besides the characters: about that much. */
  private static final int META_BYTES = 1200;

  private static final int LINE_BYTES = 100;

  final Shard shard;
  final Pool pool;
  final int slot;
  final ObjectRecord record;

  /** No purge up to this stamp covers it that its meta does not tell of. */
  volatile long checkedThrough;

  /** A small body, once it was read. */
  volatile @Nullable ByteBuffer body;

  StoredObject(Shard shard, Pool pool, int slot, ObjectRecord record) {
    this.shard = shard;
    this.pool = pool;
    this.slot = slot;
    this.record = record;
  }

  /** The same with another meta. */
  StoredObject withMeta(StoredMeta meta) {
    StoredObject other = new StoredObject(shard, pool, slot, record.withMeta(meta));
    other.body = body;
    return other;
  }

  @Override
  public long id() {
    return record.id();
  }

  @Override
  public StoredMeta meta() {
    return record.meta();
  }

  @Override
  public long length() {
    return record.length();
  }

  @Override
  public Optional<StoredBody> open() {
    return shard.open(this);
  }

  /** Whether it is stored still. */
  boolean isThere() {
    return pool.slots.holds(slot, record.id());
  }

  /** Bytes of heap, roughly. */
  int heapBytes() {
    ByteBuffer bytes = body;
    int blocks = record.large().length + record.small().length;
    return META_BYTES
        + BLOCK_BYTES * blocks
        + LINE_BYTES * record.meta().head().fields().size()
        + record.meta().head().fields().characters()
        + (bytes == null ? 0 : bytes.capacity());
  }
}
