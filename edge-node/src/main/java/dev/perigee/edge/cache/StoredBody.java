package dev.perigee.edge.cache;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The pinned bytes of a stored response: they stay readable until it is closed, whatever is evicted
 * or purged meanwhile. Used by one reader at a time.
 */
public interface StoredBody extends AutoCloseable {
  long length();

  /**
   * Asks for bytes from {@code position} on: as many as lie together, at least one. Never blocks.
   * Answered before this returns where the bytes are in memory, else later on a store thread.
   *
   * @param position 0 to length − 1
   */
  void read(long position, Reading reading);

  /** All of it where it is in memory and needs no pin: readable after it was closed, too. */
  default Optional<ByteBuffer> whole() {
    return Optional.empty();
  }

  /** Unpins. Safe to call twice. */
  @Override
  void close();

  /** Takes the answer to one {@link #read}. */
  interface Reading {
    /** The bytes, read-only, valid until the body is closed or the next read is asked for. */
    void ready(ByteBuffer bytes);

    /** The bytes cannot be had: a broken store. The response must end incomplete. */
    void failed(String reason);
  }
}
