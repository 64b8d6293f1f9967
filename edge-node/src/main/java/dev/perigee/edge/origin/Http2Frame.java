package dev.perigee.edge.origin;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Numbers of HTTP/2 (RFC 9113), and how a frame begins. */
final class Http2Frame {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int ACK = 0x1;
  static final int END_STREAM = 0x1;
  static final int END_HEADERS = 0x4;
  static final int PADDED = 0x8;
  static final int PRIORITY = 0x20;

  /** Octets of a frame's head. */
  static final int HEAD = 9;

  /** The largest payload that either side sends until told otherwise, and that we take. */
  static final int MAX_PAYLOAD = 16 * 1024;

  private Http2Frame() {}

  /** Why a stream or a connection ends (section 7). */
  enum Code {
    NO_ERROR(0),
    PROTOCOL_ERROR(1),
    FLOW_CONTROL_ERROR(3),
    FRAME_SIZE_ERROR(6),
    REFUSED_STREAM(7),
    CANCEL(8),
    COMPRESSION_ERROR(9),
    ENHANCE_YOUR_CALM(11);

    private final int number;

    Code(int number) {
      this.number = number;
    }

    /** As it stands in a frame. */
    int number() {
      return number;
    }
  }

  /** The server broke the protocol: the connection ends. */
  static final class Broken extends IOException {
    private static final long serialVersionUID = 1;

    private final Code code;

    Broken(Code code, String message) {
      super(message);
      this.code = code;
    }

    Code code() {
      return code;
    }
  }

  /** A frame of this payload. */
  static ByteBuffer of(int type, int flags, int stream, ByteBuffer payload) {
    int length = payload.remaining();
    ByteBuffer frame = ByteBuffer.allocate(HEAD + length);
    frame.putInt(length << 8 | type).put((byte) flags).putInt(stream);
    return frame.put(payload).flip();
  }

  /** A frame whose payload is one number. */
  static ByteBuffer of(int type, int stream, int number) {
    return of(type, 0, stream, ByteBuffer.allocate(Integer.BYTES).putInt(number).flip());
  }
}
