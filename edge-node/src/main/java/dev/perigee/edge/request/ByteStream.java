package dev.perigee.edge.request;

import java.nio.ByteBuffer;

/**
 * A connection that carries bytes both ways once its protocol was switched (RFC 9110, section 7.8).
 * Used on its I/O thread only; never blocks.
 */
public interface ByteStream {
  /** What the peer sends, until it sends no more. */
  BodySource input();

  /**
   * Writes; what cannot be written at once is copied.
   *
   * @param resume called on the I/O thread once all is written, if this returned false
   * @return true when the bytes are written and the next may follow at once
   */
  boolean write(ByteBuffer bytes, Runnable resume);

  /** Nothing more will be written; the peer may go on. */
  void finish();

  /** Ends both directions; more than once does nothing. */
  void close();

  /** It is wanted, though nothing may have moved for a while. */
  void touch();
}
