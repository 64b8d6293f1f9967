package dev.perigee.edge.respond.coding;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes a coded body and gives what it stands for, a piece at a time. Used by one thread. */
interface BodyDecoder extends AutoCloseable {
  /**
   * Reads and writes until {@code out} is full, and then there may be more of it, or else all of
   * {@code in} is read and nothing is left over.
   *
   * @throws IOException where the bytes are not of this coding
   */
  void decode(ByteBuffer in, ByteBuffer out) throws IOException;

  /** Whether what was read is all of a coded body. */
  boolean isWhole();

  /** Gives back what it has outside the heap. */
  @Override
  void close();
}
