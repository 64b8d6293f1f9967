package dev.perigee.edge.respond;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.collapse.Fill;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseSink;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Carries a body that is still being received to one response: from the fill's window, or from the
 * store where this reader fell behind the window or asked for what has passed. Lives on the
 * response's I/O thread.
 */
public final class FillPump implements StoredBody.Reading {
  /**
   * What one of several readers gets before it is the others' turn: nobody waits for his first byte
   * until somebody else has been given all there is.
   */
  static final int FIRST_BYTES = 4 * 1024;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final ResponseSink sink;
  private final Executor thread;
  private Iterator<Segment> segments = List.<Segment>of().iterator();
  private Fill.@Nullable Reader reader;
  private @Nullable StoredBody body;
  private long position;
  private long end;
  private ByteBuffer rest = NOTHING;
  private boolean begun;
  private boolean over;
  private boolean pumping;
  private volatile @Nullable Thread pumpThread;
  private boolean again;
  private boolean unflushed;

  private FillPump(ResponseSink sink, Executor thread) {
    this.sink = sink;
    this.thread = thread;
  }

  /**
   * Joins the fill. The head must not be sent before this returned true.
   *
   * @return empty when the fill can be joined no more
   */
  public static Optional<FillPump> join(Fill fill, ResponseSink sink, Executor thread) {
    FillPump pump = new FillPump(sink, thread);
    pump.reader = fill.join(thread, pump::pump).orElse(null);
    return pump.reader == null ? Optional.empty() : Optional.of(pump);
  }

  /**
   * Begins to send; the head has been sent.
   *
   * @param all in the order of the body where the fill is not stored
   */
  public void start(List<Segment> all) {
    segments = all.iterator();
    sink.onAbandoned(this::leave);
    pump();
  }

  private void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    pumpThread = Thread.currentThread();
    do {
      again = false;
      step();
    } while (again && !over);
    pumping = false;
  }

  private void step() {
    Fill.Reader from = reader;
    if (over || from == null) {
      return;
    }
    if (rest.hasRemaining()) {
      ByteBuffer bytes = rest;
      rest = NOTHING;
      unflushed = true;
      again = sink.write(bytes, this::pump);
      return;
    }
    StoredBody stored = body;
    if (position >= end) {
      next(from);
    } else if (stored == null) {
      take(from);
    } else if (position < stored.length()) {
      stored.read(position, this);
    } else {
      closeBody();
      again = true;
    }
  }

  /** The next segment, or the end. */
  private void next(Fill.Reader from) {
    closeBody();
    if (!segments.hasNext()) {
      leave();
      sink.finish();
      return;
    }
    switch (segments.next()) {
      case Segment.Bytes(long first, long until) -> {
        from.seek(first);
        position = first;
        end = until;
        again = true;
      }
      case Segment.Text(ByteBuffer bytes) -> again = sink.write(bytes.duplicate(), this::pump);
    }
  }

  private void take(Fill.Reader from) {
    switch (from.next(end)) {
      case Fill.Piece.Bytes(ByteBuffer bytes) -> send(bytes);
      case Fill.Piece.InStore(StoredBody opened, long ignored) -> {
        body = opened;
        again = true;
      }
      case Fill.Piece.Later() -> {
        if (unflushed) {
          unflushed = false;
          sink.flush();
        }
      }
      case Fill.Piece.End(FieldList trailers) -> {
        leave();
        if (end == Long.MAX_VALUE) {
          sink.finish(trailers);
        } else {
          sink.breakOff();
        }
      }
      case Fill.Piece.Broken() -> {
        leave();
        sink.breakOff();
      }
    }
  }

  /** What of {@code bytes}, which lie at this pump's place, the segment still takes. */
  private void send(ByteBuffer bytes) {
    if (bytes.remaining() > end - position) {
      bytes.limit(bytes.position() + (int) (end - position));
    }
    position += bytes.remaining();
    unflushed = true;
    Fill.Reader from = reader;
    if (!begun && from != null && bytes.remaining() > FIRST_BYTES && !from.isAlone()) {
      begin(bytes);
    } else {
      again = sink.write(bytes, this::pump);
    }
    begun = true;
  }

  /** A little, and the rest when all who wait on this thread have had their turn. */
  private void begin(ByteBuffer bytes) {
    ByteBuffer little = bytes.slice(bytes.position(), FIRST_BYTES);
    rest = bytes.position(bytes.position() + FIRST_BYTES);
    if (sink.write(little, this::pump)) {
      thread.execute(this::pump);
    }
  }

  @Override
  public void ready(ByteBuffer bytes) {
    if (Thread.currentThread() == pumpThread && pumping) {
      took(bytes);
    } else {
      thread.execute(
          () -> {
            took(bytes);
            if (again) {
              pump();
            }
          });
    }
  }

  private void took(ByteBuffer bytes) {
    Fill.Reader from = reader;
    if (over || from == null) {
      return;
    }
    from.advance(bytes.remaining());
    send(bytes);
  }

  @Override
  public void failed(String reason) {
    thread.execute(
        () -> {
          if (!over) {
            leave();
            sink.breakOff();
          }
        });
  }

  private void closeBody() {
    StoredBody stored = body;
    if (stored != null) {
      stored.close();
    }
    body = null;
  }

  /** Reads no more; what was begun stays as it is. */
  public void leave() {
    if (over) {
      return;
    }
    over = true;
    closeBody();
    Fill.Reader from = reader;
    if (from != null) {
      from.leave();
    }
  }
}
