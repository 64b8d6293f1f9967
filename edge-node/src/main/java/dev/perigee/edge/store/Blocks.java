package dev.perigee.edge.store;

import java.nio.ByteBuffer;

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

  /**
   * Reads a large block.
   *
   * @param into has room for it
   * @return false when it does not hold what is asked for, whole
   */
  boolean readLarge(int chunk, long object, int index, ByteBuffer into);

  /**
   * Reads small blocks that lie one after the other in a chunk.
   *
   * @param first of them
   * @param index of the first in its object
   * @param into has room for all of them
   * @return false when they do not hold what is asked for, whole
   */
  boolean readSmall(int first, int count, long object, int index, ByteBuffer into);

  @Override
  void close();
}
