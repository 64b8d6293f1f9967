package dev.perigee.edge.origin;

import dev.perigee.edge.origin.Http2Frame.Broken;
import dev.perigee.edge.origin.Http2Frame.Code;
import java.nio.ByteBuffer;

/**
 * Frames out of bytes, in whatever pieces they come. The payload of DATA is handed on as it comes;
 * every other payload, and a block of fields with its continuations, once it is whole.
 */
final class Http2Reader {
  /** Octets of one block of fields, still compressed. */
  static final int MAX_BLOCK = 64 * 1024;

  private static final int DEPENDENCY = 5;

  private final Frames frames;
  private final byte[] head = new byte[Http2Frame.HEAD];
  private int headOctets;
  private int length;
  private int type;
  private int flags;
  private int stream;
  private int padding;
  private boolean padKnown;
  private ByteBuffer payload = ByteBuffer.allocate(0);
  private ByteBuffer block = ByteBuffer.allocate(0);
  private int blockStream;
  private boolean blockEnds;

  Http2Reader(Frames frames) {
    this.frames = frames;
  }

  /** Takes the frames. */
  interface Frames {
    /** DATA has begun; {@code length} counts for flow control. */
    void dataBegins(int stream, int length) throws Broken;

    void data(int stream, ByteBuffer part) throws Broken;

    void dataEnds(int stream, boolean endStream) throws Broken;

    void fields(int stream, ByteBuffer block, boolean endStream) throws Broken;

    /** Any other. */
    void control(int type, int flags, int stream, ByteBuffer payload) throws Broken;
  }

  void read(ByteBuffer bytes) throws Broken {
    while (bytes.hasRemaining()) {
      if (headOctets < head.length) {
        int count = Math.min(bytes.remaining(), head.length - headOctets);
        bytes.get(head, headOctets, count);
        headOctets += count;
        if (headOctets == head.length) {
          begin();
        }
      } else if (type == Http2Frame.DATA) {
        inData(bytes);
      } else {
        inPayload(bytes);
      }
    }
  }

  private void begin() throws Broken {
    ByteBuffer fields = ByteBuffer.wrap(head);
    int first = fields.getInt();
    length = first >>> 8;
    type = first & 0xff;
    flags = fields.get() & 0xff;
    stream = fields.getInt() & Integer.MAX_VALUE;
    require(length <= Http2Frame.MAX_PAYLOAD, Code.FRAME_SIZE_ERROR, "a frame is too large");
    boolean continues = blockStream != 0;
    require(
        continues == (type == Http2Frame.CONTINUATION) && (!continues || stream == blockStream),
        Code.PROTOCOL_ERROR,
        "a block of fields is broken up");
    padding = 0;
    padKnown = !has(Http2Frame.PADDED);
    if (type == Http2Frame.DATA) {
      require(stream != 0, Code.PROTOCOL_ERROR, "DATA on no stream");
      frames.dataBegins(stream, length);
      if (length == 0) {
        require(padKnown, Code.PROTOCOL_ERROR, "no padding where some is announced");
        end();
      }
    } else {
      payload = ByteBuffer.allocate(length);
      if (length == 0) {
        end();
      }
    }
  }

  private void inData(ByteBuffer bytes) throws Broken {
    if (!padKnown) {
      padding = bytes.get() & 0xff;
      padKnown = true;
      length--;
      require(padding <= length, Code.PROTOCOL_ERROR, "more padding than payload");
    }
    int count = Math.min(bytes.remaining(), length - padding);
    if (count > 0) {
      frames.data(stream, bytes.slice(bytes.position(), count));
      bytes.position(bytes.position() + count);
      length -= count;
    }
    int skipped = length == padding ? Math.min(bytes.remaining(), padding) : 0;
    bytes.position(bytes.position() + skipped);
    padding -= skipped;
    length -= skipped;
    if (length == 0) {
      end();
    }
  }

  private void inPayload(ByteBuffer bytes) throws Broken {
    int count = Math.min(bytes.remaining(), payload.remaining());
    payload.put(bytes.slice(bytes.position(), count));
    bytes.position(bytes.position() + count);
    if (!payload.hasRemaining()) {
      end();
    }
  }

  private void end() throws Broken {
    headOctets = 0;
    payload.flip();
    switch (type) {
      case Http2Frame.DATA -> frames.dataEnds(stream, has(Http2Frame.END_STREAM));
      case Http2Frame.HEADERS -> {
        require(stream != 0, Code.PROTOCOL_ERROR, "HEADERS on no stream");
        blockStream = stream;
        blockEnds = has(Http2Frame.END_STREAM);
        unpad();
        addToBlock();
      }
      case Http2Frame.CONTINUATION -> addToBlock();
      default -> frames.control(type, flags, stream, payload);
    }
  }

  /** The block without padding and priority (section 6.2). */
  private void unpad() throws Broken {
    int pad = 0;
    if (has(Http2Frame.PADDED)) {
      require(payload.hasRemaining(), Code.PROTOCOL_ERROR, "no padding where some is announced");
      pad = payload.get() & 0xff;
    }
    int skip = has(Http2Frame.PRIORITY) ? DEPENDENCY : 0;
    require(payload.remaining() >= pad + skip, Code.PROTOCOL_ERROR, "more padding than payload");
    payload.position(payload.position() + skip).limit(payload.limit() - pad);
  }

  private void addToBlock() throws Broken {
    int size = block.remaining() + payload.remaining();
    require(size <= MAX_BLOCK, Code.ENHANCE_YOUR_CALM, "a block of fields is too large");
    block =
        block.hasRemaining() ? ByteBuffer.allocate(size).put(block).put(payload).flip() : payload;
    if (has(Http2Frame.END_HEADERS)) {
      ByteBuffer whole = block;
      int of = blockStream;
      block = ByteBuffer.allocate(0);
      blockStream = 0;
      frames.fields(of, whole, blockEnds);
    }
  }

  private boolean has(int flag) {
    boolean defined =
        switch (flag) {
          case Http2Frame.PADDED -> type == Http2Frame.DATA || type == Http2Frame.HEADERS;
          case Http2Frame.PRIORITY -> type == Http2Frame.HEADERS;
          default -> true;
        };
    return defined && (flags & flag) != 0;
  }

  static void require(boolean holds, Code otherwise, String message) throws Broken {
    if (!holds) {
      throw new Broken(otherwise, message);
    }
  }
}
