package dev.perigee.edge.listener;

import java.nio.ByteBuffer;

/** Finds the heads of HTTP/2 frames in octets as they pass, in whatever parts (RFC 9113, 4.1). */
final class FrameScan {
  private static final int HEAD = 9;
  private static final int LENGTH_OCTETS = 3;
  private static final int TYPE_AT = 3;
  private static final int FLAGS_AT = 4;

  private int skip;
  private int at;
  private int length;
  private int type;
  private int flags;
  private int stream;

  /**
   * @param preface octets before the first frame
   */
  FrameScan(int preface) {
    this.skip = preface;
  }

  /** Takes the head of each frame. */
  @FunctionalInterface
  interface Seen {
    void frame(int type, int flags, int stream, int length);
  }

  /** Octets that pass, from one position of a buffer to another; the buffer stays as it is. */
  void scan(ByteBuffer bytes, int from, int to, Seen seen) {
    int i = from;
    while (i < to) {
      if (skip > 0) {
        int step = Math.min(skip, to - i);
        skip -= step;
        i += step;
      } else {
        octet(bytes.get(i++) & 0xff, seen);
      }
    }
  }

  private void octet(int octet, Seen seen) {
    if (at < LENGTH_OCTETS) {
      length = (length << Byte.SIZE) | octet;
    } else if (at == TYPE_AT) {
      type = octet;
    } else if (at == FLAGS_AT) {
      flags = octet;
    } else {
      stream = (stream << Byte.SIZE) | octet;
    }
    at++;
    if (at == HEAD) {
      seen.frame(type, flags, stream & Integer.MAX_VALUE, length);
      skip = length;
      at = 0;
      length = 0;
      stream = 0;
    }
  }

  /** Whether the last frame has passed whole. */
  boolean isBetweenFrames() {
    return skip == 0 && at == 0;
  }
}
