package dev.perigee.edge.store;

import java.nio.file.Path;

/**
 * Limits of the store.
 *
 * @param directory where its files lie; one process at a time
 * @param capacityBytes of all files together
 * @param maxObjectBytes larger bodies are not kept
 * @param memoryBytes of what is asked for often, kept on the heap as well
 * @param queueBytes waiting to be written; past it responses are not kept
 * @param maxObjects responses kept at once
 * @param shards parts that the store is divided into, each with files of its own
 */
public record StoreConfig(
    Path directory,
    long capacityBytes,
    long maxObjectBytes,
    long memoryBytes,
    long queueBytes,
    int maxObjects,
    int shards) {
  /** Bytes of a large block. */
  static final int LARGE = 64 * 1024;

  /** Bytes of a small block. */
  static final int SMALL = 4 * 1024;

  /** What a chunk takes in its file besides its bytes: headers, index and alignment. */
  private static final int CHUNK_OVERHEAD = 384;

  /** What a record takes in its file, index and room to spare included. */
  private static final int RECORD_BYTES = 1400;

  /** Header and lock words of the three files. */
  private static final int FILES_OVERHEAD = 256 * 1024;

  private static final long LEAST = 8L << 20;
  private static final int MAX_SHARDS = 64;

  /** One shard for so many bytes: after a crash each is looked through whole. */
  private static final long SHARD_BYTES = 2L << 30;

  private static final int AVERAGE_OBJECT = 16 * 1024;
  private static final int MAX_OBJECTS = 100_000_000;

  /** Refuses a store too small to hold anything. */
  public StoreConfig {
    if (capacityBytes < LEAST * shards) {
      throw new IllegalArgumentException("cache-size must be at least 8m for each shard");
    }
    if (capacityBytes / SMALL > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("cache-size must be at most 8t");
    }
    require(maxObjectBytes > 0, "the largest object to keep must be at least a byte");
    require(memoryBytes >= 0, "the memory for small bodies must not be negative");
    require(queueBytes > 0, "what may wait to be written must be at least a byte");
    require(maxObjects > 0, "at least one object must be allowed");
    require(
        (long) maxObjects * RECORD_BYTES < capacityBytes / 2,
        "cache-size holds no more than an object for each 2800 bytes");
    require(shards > 0 && shards <= MAX_SHARDS, "there may be 1 to 64 shards");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /**
   * A shard for every two GiB, bodies up to half a shard, objects for an average of 16 KiB each.
   */
  public static StoreConfig of(Path directory, long capacityBytes, long memoryBytes) {
    int shards = Math.clamp(capacityBytes / SHARD_BYTES, 1, MAX_SHARDS);
    int objects = Math.clamp(capacityBytes / AVERAGE_OBJECT, 1, MAX_OBJECTS);
    return new StoreConfig(
        directory,
        capacityBytes,
        Math.max(1, capacityBytes / shards / 2),
        memoryBytes,
        64L << 20,
        objects,
        shards);
  }

  /** The same with another limit to bodies; never more than half a shard. */
  public StoreConfig withMaxObjectBytes(long bytes) {
    return new StoreConfig(
        directory,
        capacityBytes,
        Math.min(bytes, Math.max(1, capacityBytes / shards / 2)),
        memoryBytes,
        queueBytes,
        maxObjects,
        shards);
  }

  /** What one shard of it may take, in a folder of its own. */
  StoreConfig ofShard() {
    return new StoreConfig(
        directory,
        capacityBytes / shards,
        maxObjectBytes,
        memoryBytes,
        queueBytes,
        Math.max(1, maxObjects / shards),
        1);
  }

  StoreConfig in(Path other) {
    return new StoreConfig(
        other, capacityBytes, maxObjectBytes, memoryBytes, queueBytes, maxObjects, shards);
  }

  /** Chunks of 64 KiB that what is left besides the records has room for. */
  int chunks() {
    long left = capacityBytes - (long) maxObjects * RECORD_BYTES - FILES_OVERHEAD;
    return (int) (left / (LARGE + CHUNK_OVERHEAD));
  }
}
