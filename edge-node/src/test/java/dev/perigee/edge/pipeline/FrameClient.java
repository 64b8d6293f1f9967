package dev.perigee.edge.pipeline;

import io.undertow.protocols.http2.HpackDecoder;
import io.undertow.protocols.http2.HpackException;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A connection to an edge on which a test writes and reads HTTP/2 frame by frame (RFC 9113). */
final class FrameClient implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  private static final int PATIENCE_MILLIS = 10_000;
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  private final Socket socket;
  private final DataOutputStream out;
  private final DataInputStream in;
  private final HpackDecoder decoder = new HpackDecoder(4096);
  private int lastGoAway = -1;

  /** Begins with the preface and empty settings. */
  FrameClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    out = new DataOutputStream(socket.getOutputStream());
    in = new DataInputStream(socket.getInputStream());
    out.write(PREFACE.getBytes(StandardCharsets.US_ASCII));
    frame(SETTINGS, 0, 0, new byte[0]);
  }

  /** One frame as it came; of type {@link #END} at the end of the connection. */
  static final class Frame {
    private final int type;
    private final int stream;
    private final byte[] payload;
    private final boolean isLast;

    private Frame(int type, int flags, int stream, byte[] payload) {
      this.isLast = type <= HEADERS && (flags & END_STREAM) != 0;
      this.type = type;
      this.stream = stream;
      this.payload = payload;
    }
  }

  /** In place of a type: the connection has ended. */
  static final int END = -1;

  void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
    frame.putInt(payload.length << 8 | type).put((byte) flags).putInt(stream).put(payload);
    out.write(frame.array());
    out.flush();
  }

  /** Fields as literals that no table holds (RFC 7541, section 6.2.2). */
  static byte[] block(List<String> fields) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (String field : fields) {
      int end = field.indexOf('=');
      block.write(0);
      string(block, field.substring(0, end));
      string(block, field.substring(end + 1));
    }
    return block.toByteArray();
  }

  private static void string(ByteArrayOutputStream block, String text) {
    byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
    if (octets.length < 127) {
      block.write(octets.length);
    } else {
      block.write(127);
      int rest = octets.length - 127;
      for (; rest >= 128; rest >>= 7) {
        block.write((rest & 127) | 128);
      }
      block.write(rest);
    }
    block.writeBytes(octets);
  }

  Frame read() throws IOException {
    try {
      int first = in.readInt();
      int flags = in.read();
      int stream = in.readInt();
      byte[] payload = in.readNBytes(first >>> 8);
      if ((first & 0xff) == GOAWAY) {
        lastGoAway = ByteBuffer.wrap(payload).getInt(4);
      }
      return new Frame(first & 0xff, flags, stream, payload);
    } catch (EOFException | SocketException e) {
      return new Frame(END, 0, 0, new byte[0]);
    }
  }

  /** What becomes of a stream: a status, or the name of the frame that ends it. */
  String outcome(int stream) throws IOException {
    while (true) {
      Frame frame = read();
      switch (frame.type) {
        case END -> {
          return "end";
        }
        case GOAWAY -> {
          return "goaway";
        }
        case HEADERS -> {
          Map<String, String> fields = fields(frame);
          if (frame.stream == stream) {
            return fields.getOrDefault(":status", "none");
          }
        }
        case RST_STREAM -> {
          if (frame.stream == stream) {
            return "reset";
          }
        }
        default -> {}
      }
    }
  }

  /** Octets of data, of whatever streams, that come before the head of a stream's answer. */
  int octetsUntil(int stream) throws IOException {
    int octets = 0;
    while (true) {
      Frame frame = read();
      if (frame.type == END) {
        throw new EOFException("before the head of " + stream);
      }
      if (frame.type == HEADERS) {
        Map<String, String> fields = fields(frame);
        if (frame.stream == stream && fields.containsKey(":status")) {
          return octets;
        }
      }
      octets += frame.type == DATA ? frame.payload.length : 0;
    }
  }

  /** Octets of data that a stream has yet to its end. */
  int octetsToEnd(int stream) throws IOException {
    int octets = 0;
    while (true) {
      Frame frame = read();
      if (frame.type == END) {
        throw new EOFException("before the end of " + stream);
      }
      boolean isOfStream = frame.stream == stream;
      octets += isOfStream && frame.type == DATA ? frame.payload.length : 0;
      if (isOfStream && frame.isLast) {
        return octets;
      }
    }
  }

  /** Reads until the connection ends: the code of its last GOAWAY, or -1 where none came. */
  int goAway() throws IOException {
    while (read().type != END) {
      // until then
    }
    return lastGoAway;
  }

  private Map<String, String> fields(Frame frame) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    decoder.setHeaderEmitter((name, value, never) -> fields.put(name.toString(), value));
    try {
      decoder.decode(ByteBuffer.wrap(frame.payload), false);
    } catch (HpackException e) {
      throw new IOException(e);
    }
    return fields;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
