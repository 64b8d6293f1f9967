package dev.perigee.edge.respond;

import java.nio.ByteBuffer;

/** A piece of an answer's body; pieces are sent one after the other. */
public sealed interface Segment {
  /**
   * Bytes of the whole body, from {@code first} up to but not including {@code end}; {@link
   * Long#MAX_VALUE} for all there are.
   */
  record Bytes(long first, long end) implements Segment {}

  /** Something between them. */
  record Text(ByteBuffer bytes) implements Segment {}
}
