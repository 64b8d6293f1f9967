package dev.perigee.edge.store;

import org.jspecify.annotations.Nullable;

/**
 * The port to where the blocks of one shard lie. What a block holds it gives back whole or not at
 * all; a disk that refuses is an exception of any kind, or an {@link InternalError} where a page of
 * a mapped file cannot be had.
 */
interface Blocks extends AutoCloseable {
  /** Writes a large block. */
  void writeLarge(int chunk, long object, int index, byte[] bytes, int length);

  /** Writes a small block, in its chunk. */
  void writeSmall(int block, long object, int index, byte[] bytes, int length);

  /** A large block's bytes; null when it does not hold what is asked for, whole. */
  byte @Nullable [] readLarge(int chunk, long object, int index);

  /** A small block's bytes; null when it does not hold what is asked for, whole. */
  byte @Nullable [] readSmall(int block, long object, int index);

  @Override
  void close();
}
