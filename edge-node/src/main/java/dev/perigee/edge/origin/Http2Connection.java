package dev.perigee.edge.origin;

import static dev.perigee.edge.origin.Http2Reader.require;

import dev.perigee.edge.origin.Http2Frame.Broken;
import dev.perigee.edge.origin.Http2Frame.Code;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.util.HeaderMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * HTTP/2 to a server (RFC 9113): many exchanges at once on one connection.
 *
 * <p>Each stream has a window of its own, and the connection's is as large as all of them together:
 * a reader who takes nothing fills the window of its stream and holds up nobody else. A GOAWAY lets
 * the streams that the server knows come to their ends; those it does not know were never begun.
 */
final class Http2Connection implements OriginConnection {
  /** Exchanges at once, where the server allows as many. */
  static final int MAX_STREAMS = 100;

  /** Bytes of one answer that may be on their way or wait for their reader. */
  static final int STREAM_WINDOW = 256 * 1024;

  private static final int INITIAL_WINDOW = 65_535;
  private static final int CONNECTION_WINDOW = MAX_STREAMS * STREAM_WINDOW;

  /** Long before numbers run out. */
  private static final int LAST_STREAM = 1 << 30;

  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final StreamConnection connection;
  private final ByteBufferPool buffers;
  private final String scheme;
  private final Runnable closed;
  private final Http2Fields fields = new Http2Fields();
  private final Http2Reader reader = new Http2Reader(new Incoming());
  private final Http2Writer writer;
  private final Map<Integer, Http2Stream> streams = new HashMap<>();
  private final Deque<Http2Stream> waiting = new ArrayDeque<>();
  private int nextStream = 1;
  private int peerStreams = MAX_STREAMS;
  private int peerWindow = INITIAL_WINDOW;
  private long sendWindow = INITIAL_WINDOW;
  private int received;
  private long reads;
  private boolean greeted;
  private boolean retired;
  private boolean isClosed;

  /**
   * Greets the server.
   *
   * @param scheme of the requests
   * @param closed called once when the connection is
   */
  Http2Connection(
      StreamConnection connection, ByteBufferPool buffers, String scheme, Runnable closed) {
    this.connection = connection;
    this.buffers = buffers;
    this.scheme = scheme;
    this.closed = closed;
    this.writer = new Http2Writer(connection.getSinkChannel(), this::wake, this::lost);
    connection.getSinkChannel().setWriteListener(null);
    connection.getSourceChannel().setReadListener(readable -> read());
    greet();
    connection.getSourceChannel().resumeReads();
  }

  /** The preface, our settings and a window for all streams together (section 3.4). */
  private void greet() {
    writer.add(ByteBuffer.wrap(PREFACE));
    ByteBuffer settings = ByteBuffer.allocate(24);
    settings.putShort((short) 2).putInt(0); // No push.
    settings.putShort((short) 3).putInt(0); // And no streams of the server's.
    settings.putShort((short) 4).putInt(STREAM_WINDOW);
    settings.putShort((short) 6).putInt(HeadSyntax.MAX_OCTETS);
    writer.add(Http2Frame.of(Http2Frame.SETTINGS, 0, 0, settings.flip()));
    int more = CONNECTION_WINDOW - INITIAL_WINDOW;
    writer.add(Http2Frame.of(Http2Frame.WINDOW_UPDATE, 0, more));
    writer.flush();
  }

  @Override
  public boolean isOpen() {
    return !isClosed && !retired && connection.isOpen();
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public boolean isUnused() {
    return streams.isEmpty();
  }

  @Override
  public boolean hasRoom() {
    return isOpen() && streams.size() < Math.min(peerStreams, MAX_STREAMS);
  }

  @Override
  public Running send(FetchRequest request, Replies replies) {
    int number = nextStream;
    nextStream += 2;
    retired |= nextStream >= LAST_STREAM;
    Http2Stream stream = new Http2Stream(this, number, request, replies, peerWindow, reads);
    streams.put(number, stream);
    stream.begin(scheme);
    return stream;
  }

  /** Lets no further exchange begin; those that run go on. */
  void retire() {
    retired = true;
    closeIfDone();
  }

  private void closeIfDone() {
    if (retired && streams.isEmpty()) {
      close();
    }
  }

  @Override
  public void close() {
    end(Code.NO_ERROR);
  }

  private void end(Code code) {
    if (isClosed) {
      return;
    }
    ByteBuffer last = ByteBuffer.allocate(8).putInt(0).putInt(code.number()).flip();
    writer.add(Http2Frame.of(Http2Frame.GOAWAY, 0, 0, last));
    writer.flush();
    fail(code == Code.NO_ERROR ? FailureKind.RESET : FailureKind.BAD_RESPONSE);
  }

  /** The connection broke off. */
  private void lost() {
    fail(FailureKind.RESET);
  }

  private void fail(FailureKind kind) {
    if (isClosed) {
      return;
    }
    isClosed = true;
    writer.stop();
    IoUtils.safeClose(connection);
    List<Http2Stream> all = new ArrayList<>(streams.values());
    streams.clear();
    all.forEach(stream -> stream.fail(kind, false));
    closed.run();
  }

  private void read() {
    ConduitStreamSourceChannel source = connection.getSourceChannel();
    try (PooledByteBuffer pooled = buffers.allocate()) {
      ByteBuffer buffer = pooled.getBuffer();
      while (!isClosed) {
        buffer.clear();
        int count = source.read(buffer);
        if (count == 0) {
          source.resumeReads();
          break;
        }
        if (count < 0) {
          lost();
          return;
        }
        reads++;
        reader.read(buffer.flip());
      }
      writer.flush();
    } catch (Broken e) {
      end(e.code());
    } catch (IOException e) {
      lost();
    }
  }

  /** Frames that have been read, and whether anything was since then. */
  boolean isSilentSince(long count) {
    return reads == count;
  }

  /** A block of fields of a stream. */
  void sendFields(int stream, HeaderMap map, boolean endStream) {
    List<ByteBuffer> payloads = fields.encode(map);
    for (int i = 0; i < payloads.size(); i++) {
      int type = i == 0 ? Http2Frame.HEADERS : Http2Frame.CONTINUATION;
      int flags = i == 0 && endStream ? Http2Frame.END_STREAM : 0;
      flags |= i == payloads.size() - 1 ? Http2Frame.END_HEADERS : 0;
      writer.add(Http2Frame.of(type, flags, stream, payloads.get(i)));
    }
    writer.flush();
  }

  /** How many bytes of DATA may go out now, of {@code wanted}. */
  int sendable(int wanted) {
    return writer.isFull()
        ? 0
        : (int) Math.min(Math.min(wanted, sendWindow), Http2Frame.MAX_PAYLOAD);
  }

  /** Sends DATA that {@link #sendable} has allowed. */
  void sendData(int stream, ByteBuffer bytes, boolean endStream) {
    sendWindow -= bytes.remaining();
    int flags = endStream ? Http2Frame.END_STREAM : 0;
    writer.add(Http2Frame.of(Http2Frame.DATA, flags, stream, bytes));
    writer.flush();
  }

  /** The stream has more to send than there is room for. */
  void await(Http2Stream stream) {
    waiting.addLast(stream);
  }

  /** Those who wait have their turn again, each once. */
  private void wake() {
    for (int turns = waiting.size(); turns > 0 && !waiting.isEmpty(); turns--) {
      waiting.removeFirst().writable();
    }
  }

  /** A stream's reader has taken so much. */
  void giveWindow(int stream, int bytes) {
    writer.add(Http2Frame.of(Http2Frame.WINDOW_UPDATE, stream, bytes));
    writer.flush();
  }

  /** The stream is over, on our side at least. */
  void forget(int stream, boolean reset) {
    boolean known = streams.remove(stream) != null;
    if (known && reset && !isClosed) {
      writer.add(Http2Frame.of(Http2Frame.RST_STREAM, stream, Code.CANCEL.number()));
      writer.flush();
    }
    closeIfDone();
  }

  private final class Incoming implements Http2Reader.Frames {
    @Override
    public void dataBegins(int number, int length) throws Broken {
      requireBegun(number);
      received += length;
      if (received >= CONNECTION_WINDOW / 2) {
        writer.add(Http2Frame.of(Http2Frame.WINDOW_UPDATE, 0, received));
        received = 0;
      }
      Http2Stream stream = streams.get(number);
      if (stream != null) {
        stream.dataBegins(length);
      }
    }

    @Override
    public void data(int number, ByteBuffer part) {
      Http2Stream stream = streams.get(number);
      if (stream != null) {
        stream.data(part);
      }
    }

    @Override
    public void dataEnds(int number, boolean endStream) {
      Http2Stream stream = streams.get(number);
      if (stream != null && endStream) {
        stream.dataEnds();
      }
    }

    @Override
    public void fields(int number, ByteBuffer block, boolean endStream) throws Broken {
      requireBegun(number);
      Http2Fields.Block read = fields.decode(block);
      Http2Stream stream = streams.get(number);
      if (stream != null) {
        stream.fields(read, endStream);
      }
    }

    /** Streams of ours that are over may still be spoken of; others there are none. */
    private void requireBegun(int number) throws Broken {
      require(greeted, Code.PROTOCOL_ERROR, "no settings at first");
      boolean begun = number % 2 == 1 && number < nextStream;
      require(begun, Code.PROTOCOL_ERROR, "a stream that was never begun");
    }

    @Override
    public void control(int type, int flags, int number, ByteBuffer payload) throws Broken {
      require(greeted || type == Http2Frame.SETTINGS, Code.PROTOCOL_ERROR, "no settings at first");
      switch (type) {
        case Http2Frame.SETTINGS -> settings(flags, number, payload);
        case Http2Frame.PING -> ping(flags, number, payload);
        case Http2Frame.GOAWAY -> goAway(number, payload);
        case Http2Frame.WINDOW_UPDATE -> window(number, payload);
        case Http2Frame.RST_STREAM -> reset(number, payload);
        case Http2Frame.PUSH_PROMISE -> throw new Broken(Code.PROTOCOL_ERROR, "a push");
        default -> {}
      }
    }

    private void ping(int flags, int number, ByteBuffer payload) throws Broken {
      require(number == 0, Code.PROTOCOL_ERROR, "PING on a stream");
      require(payload.remaining() == 8, Code.FRAME_SIZE_ERROR, "a PING of another size");
      if ((flags & Http2Frame.ACK) == 0) {
        writer.add(Http2Frame.of(Http2Frame.PING, Http2Frame.ACK, 0, payload));
      }
    }

    private void goAway(int number, ByteBuffer payload) throws Broken {
      require(number == 0, Code.PROTOCOL_ERROR, "GOAWAY on a stream");
      require(payload.remaining() >= 8, Code.FRAME_SIZE_ERROR, "a GOAWAY that is too short");
      int last = payload.getInt() & Integer.MAX_VALUE;
      retired = true;
      List<Http2Stream> unknown =
          streams.values().stream().filter(stream -> stream.number() > last).toList();
      unknown.forEach(
          stream -> {
            streams.remove(stream.number());
            stream.fail(FailureKind.RESET, true);
          });
      closeIfDone();
    }

    private void reset(int number, ByteBuffer payload) throws Broken {
      requireBegun(number);
      require(payload.remaining() == 4, Code.FRAME_SIZE_ERROR, "a RST_STREAM of another size");
      int code = payload.getInt();
      Http2Stream stream = streams.remove(number);
      if (stream != null) {
        stream.reset(code);
      }
      closeIfDone();
    }

    private void window(int number, ByteBuffer payload) throws Broken {
      require(payload.remaining() == 4, Code.FRAME_SIZE_ERROR, "a WINDOW_UPDATE of another size");
      int more = payload.getInt() & Integer.MAX_VALUE;
      require(more > 0, Code.PROTOCOL_ERROR, "a window that grows by nothing");
      if (number == 0) {
        sendWindow += more;
        require(sendWindow <= Integer.MAX_VALUE, Code.FLOW_CONTROL_ERROR, "too large a window");
      } else {
        requireBegun(number);
        Http2Stream stream = streams.get(number);
        if (stream != null) {
          stream.growWindow(more);
        }
      }
      wake();
    }

    private void settings(int flags, int number, ByteBuffer payload) throws Broken {
      require(number == 0, Code.PROTOCOL_ERROR, "SETTINGS on a stream");
      greeted = true;
      if ((flags & Http2Frame.ACK) != 0) {
        require(!payload.hasRemaining(), Code.FRAME_SIZE_ERROR, "an ACK with settings");
        return;
      }
      require(payload.remaining() % 6 == 0, Code.FRAME_SIZE_ERROR, "half a setting");
      while (payload.hasRemaining()) {
        int key = payload.getShort() & 0xffff;
        setting(key, payload.getInt() & 0xffffffffL);
      }
      writer.add(Http2Frame.of(Http2Frame.SETTINGS, Http2Frame.ACK, 0, payload));
      wake();
    }

    private void setting(int key, long value) throws Broken {
      switch (key) {
        case 1 -> fields.peerTableSize((int) Math.min(value, Integer.MAX_VALUE));
        case 3 -> peerStreams = (int) Math.min(value, MAX_STREAMS);
        case 4 -> {
          require(value <= Integer.MAX_VALUE, Code.FLOW_CONTROL_ERROR, "too large a window");
          int more = (int) value - peerWindow;
          peerWindow = (int) value;
          for (Http2Stream stream : streams.values()) {
            stream.growWindow(more);
          }
        }
        case 5 -> {
          boolean allowed = value >= Http2Frame.MAX_PAYLOAD && value < 1 << 24;
          require(allowed, Code.PROTOCOL_ERROR, "a frame size out of bounds");
        }
        default -> {}
      }
    }
  }
}
