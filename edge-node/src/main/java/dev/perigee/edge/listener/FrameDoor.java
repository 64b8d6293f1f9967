package dev.perigee.edge.listener;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.conduits.AbstractStreamSinkConduit;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.StreamSinkConduit;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Watches both ways of an HTTP/2 connection frame by frame, between the connection and Undertow,
 * and ends one that floods: GOAWAY with ENHANCE_YOUR_CALM (RFC 9113, section 7), a moment in which
 * what still comes is dropped so that the frame is not lost in a reset, and the end. Nothing is
 * copied or held back. On a port that speaks HTTP/1 as well it sleeps until HTTP/2 begins.
 */
final class FrameDoor {
  private static final AttachmentKey<FrameDoor> KEY = AttachmentKey.create(FrameDoor.class);

  /** Whose frames were handed on last, until a request of theirs is received on the thread. */
  private static final ThreadLocal<FrameDoor> READING = new ThreadLocal<>();

  static final int PREFACE_OCTETS = 24;
  private static final int ENHANCE_YOUR_CALM = 0xb;
  private static final int GOAWAY_OCTETS = 8;

  /** From the GOAWAY to the end of the connection. */
  private static final long LEAVE_MILLIS = 500;

  private static final int MAX_DROPPED = 1 << 20;
  private static final int ROOM = 4 * 1024;

  private final StreamConnection connection;
  private final DoorLimits limits;
  private final int headOctets;
  private final DoorCounts counts;
  private final StreamSinkConduit out;
  private final FrameScan outScan = new FrameScan(0);
  private @Nullable FrameScan inScan;
  private @Nullable FrameBudget budget;
  private int lastStream;
  private int requests;
  private int dropped;
  private boolean over;
  private Optional<DoorReason> due = Optional.empty();

  /** Puts one on both sides of a connection. */
  FrameDoor(StreamConnection connection, DoorLimits limits, int headOctets, DoorCounts counts) {
    this.connection = connection;
    this.limits = limits;
    this.headOctets = headOctets;
    this.counts = counts;
    this.out = connection.getSinkChannel().getConduit();
    connection.getSourceChannel().setConduit(new In(connection.getSourceChannel().getConduit()));
    connection.getSinkChannel().setConduit(new Out(out));
  }

  /** HTTP/2 begins, with what has been read of it already, its preface first. */
  void begin(ByteBuffer bytes, int from, int to) {
    inScan = new FrameScan(PREFACE_OCTETS);
    budget = new FrameBudget(limits, headOctets, System.nanoTime());
    read(bytes, from, to);
  }

  /** The door of an exchange's connection; known from its first request on. */
  static Optional<FrameDoor> of(HttpServerExchange exchange) {
    FrameDoor known = exchange.getConnection().getAttachment(KEY);
    if (known == null) {
      known = READING.get();
      READING.remove();
      if (known != null) {
        exchange.getConnection().putAttachment(KEY, known);
      }
    }
    return Optional.ofNullable(known);
  }

  /**
   * A request of the connection begins.
   *
   * @return false where it has as many as it may; with twice as many the connection ends
   */
  boolean begin() {
    requests++;
    if (requests > 2 * limits.streams()) {
      end(DoorReason.HTTP2_STREAMS);
    } else if (requests > limits.streams()) {
      counts.count(DoorReason.HTTP2_STREAMS);
    }
    return requests <= limits.streams();
  }

  /** One of them is over. */
  void answered() {
    requests--;
  }

  /** Ends the connection for what its client does. */
  void end(DoorReason reason) {
    if (over) {
      return;
    }
    over = true;
    counts.count(reason);
    if (outScan.isBetweenFrames()) {
      ByteBuffer frame = ByteBuffer.allocate(9 + GOAWAY_OCTETS);
      frame.putInt((GOAWAY_OCTETS << 8) | FrameBudget.GOAWAY).put((byte) 0).putInt(0);
      frame.putInt(lastStream).putInt(ENHANCE_YOUR_CALM).flip();
      try {
        out.write(frame);
        out.flush();
      } catch (IOException e) {
        IoUtils.safeClose(connection);
        return;
      }
    }
    connection.getIoThread().executeAfter(this::leave, LEAVE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** What the client has not taken by now goes with the connection. */
  private void leave() {
    try {
      connection.setOption(Options.CLOSE_ABORT, true);
    } catch (IOException e) {
      // it is closed already
    }
    IoUtils.safeClose(connection);
  }

  private void read(ByteBuffer bytes, int from, int to) {
    FrameScan scan = inScan;
    if (scan != null && to > from) {
      READING.set(this);
      scan.scan(bytes, from, to, this::received);
    }
  }

  private void received(int type, int flags, int stream, int length) {
    lastStream = type == FrameBudget.HEADERS ? Math.max(lastStream, stream) : lastStream;
    FrameBudget counted = budget;
    if (counted != null) {
      counted.received(type, flags, length, System.nanoTime()).ifPresent(this::end);
    }
  }

  private void sent(int type, int flags, int stream, int length) {
    FrameBudget counted = budget;
    if (counted != null) {
      Optional<DoorReason> reason = counted.sent(type, System.nanoTime());
      due = reason.isPresent() ? reason : due;
    }
  }

  /** Reads what there is, for nobody. */
  private int drop(StreamSourceConduit from) throws IOException {
    ByteBuffer scratch = ByteBuffer.allocate(ROOM);
    int read = from.read(scratch);
    while (read > 0 && dropped <= MAX_DROPPED) {
      dropped += read;
      read = from.read(scratch.clear());
    }
    if (dropped > MAX_DROPPED) {
      throw new IOException("a flood is not read to its end");
    }
    return Math.min(read, 0);
  }

  /** What comes. */
  private final class In extends AbstractStreamSourceConduit<StreamSourceConduit> {
    In(StreamSourceConduit next) {
      super(next);
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
      if (over) {
        return drop(next);
      }
      int from = dst.position();
      int count = next.read(dst);
      FrameDoor.this.read(dst, from, dst.position());
      if (over) {
        dst.position(from);
        return 0;
      }
      return count;
    }

    @Override
    public long read(ByteBuffer[] dsts, int offs, int len) throws IOException {
      for (int i = offs; i < offs + len; i++) {
        if (dsts[i].hasRemaining()) {
          return read(dsts[i]);
        }
      }
      return 0;
    }
  }

  /** What goes. */
  private final class Out extends AbstractStreamSinkConduit<StreamSinkConduit> {
    private int[] from = new int[16];

    Out(StreamSinkConduit next) {
      super(next);
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
      int from = src.position();
      int count = over ? swallow(src) : next.write(src);
      account(src, from);
      return count;
    }

    @Override
    public long write(ByteBuffer[] srcs, int offs, int len) throws IOException {
      if (budget == null) {
        return next.write(srcs, offs, len);
      }
      if (from.length < len) {
        from = new int[len];
      }
      for (int i = 0; i < len; i++) {
        from[i] = srcs[offs + i].position();
      }
      long count = over ? swallow(srcs, offs, len) : next.write(srcs, offs, len);
      for (int i = 0; i < len; i++) {
        scan(srcs[offs + i], from[i]);
      }
      endWhereDue();
      return count;
    }

    @Override
    public int writeFinal(ByteBuffer src) throws IOException {
      int from = src.position();
      int count = over ? swallow(src) : next.writeFinal(src);
      account(src, from);
      return count;
    }

    @Override
    public boolean flush() throws IOException {
      return over || next.flush();
    }

    private void account(ByteBuffer src, int from) {
      scan(src, from);
      endWhereDue();
    }

    private void scan(ByteBuffer src, int from) {
      if (budget != null && !over) {
        outScan.scan(src, from, src.position(), FrameDoor.this::sent);
      }
    }

    /** Only once all that has gone out is looked at is it known to be between two frames. */
    private void endWhereDue() {
      due.ifPresent(FrameDoor.this::end);
    }

    private static long swallow(ByteBuffer[] srcs, int offs, int len) {
      long count = 0;
      for (int i = offs; i < offs + len; i++) {
        count += swallow(srcs[i]);
      }
      return count;
    }

    private static int swallow(ByteBuffer src) {
      int count = src.remaining();
      src.position(src.limit());
      return count;
    }
  }
}
