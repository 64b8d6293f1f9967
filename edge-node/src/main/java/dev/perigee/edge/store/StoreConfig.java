package dev.perigee.edge.store;

import java.nio.file.Path;

/**
 * Limits of the store.
 *
 * @param directory where its files lie; one process at a time
 * @param capacityBytes of bodies
 * @param maxObjectBytes larger bodies are not kept
 * @param memoryBytes of small bodies kept on the heap as well
 * @param queueBytes waiting to be written; past it responses are not kept
 * @param maxObjects responses kept at once
 */
public record StoreConfig(
    Path directory,
    long capacityBytes,
    long maxObjectBytes,
    long memoryBytes,
    long queueBytes,
    int maxObjects) {
  /** Bytes of a large block. */
  static final int LARGE = 64 * 1024;

  /** Bytes of a small block. */
  static final int SMALL = 4 * 1024;

  private static final long LEAST = 8L << 20;

  /** Refuses a store too small to hold anything. */
  public StoreConfig {
    if (capacityBytes < LEAST) {
      throw new IllegalArgumentException("cache-size must be at least 8m");
    }
    if (capacityBytes / SMALL > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("cache-size must be at most 8t");
    }
    require(maxObjectBytes > 0, "the largest object to keep must be at least a byte");
    require(memoryBytes >= 0, "the memory for small bodies must not be negative");
    require(queueBytes > 0, "what may wait to be written must be at least a byte");
    require(maxObjects > 0, "at least one object must be allowed");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** Bodies up to half the capacity, objects for an average of 16 KiB each. */
  public static StoreConfig of(Path directory, long capacityBytes, long memoryBytes) {
    int objects = (int) Math.min(50_000_000, Math.max(1024, capacityBytes / (16 * 1024)));
    return new StoreConfig(
        directory, capacityBytes, capacityBytes / 2, memoryBytes, 64L << 20, objects);
  }

  /** A quarter of the room is for small bodies and tails. */
  int smallBlocks() {
    return (int) (capacityBytes / 4 / SMALL);
  }

  int largeBlocks() {
    return (int) (capacityBytes / 4 * 3 / LARGE);
  }
}
