package dev.perigee.edge.respond;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.collapse.Fill;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseSink;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Carries a body that is still being received to one response: from the fill's window, or from the
 * store where this reader fell behind the window. Lives on the response's I/O thread.
 */
public final class FillPump implements StoredBody.Reading {
  private final ResponseSink sink;
  private final Executor thread;
  private final long first;
  private final long end;
  private Fill.@Nullable Reader reader;
  private @Nullable StoredBody body;
  private long storePosition;
  private boolean over;
  private boolean pumping;
  private volatile @Nullable Thread pumpThread;
  private boolean again;
  private boolean unflushed;

  private FillPump(ResponseSink sink, Executor thread, long first, long end) {
    this.sink = sink;
    this.thread = thread;
    this.first = first;
    this.end = end;
  }

  /**
   * Joins the fill. The head must not be sent before this returned true.
   *
   * @param span with {@link Long#MAX_VALUE} as its end for all there are
   * @return empty when the fill can be joined no more
   */
  public static Optional<FillPump> join(Fill fill, ResponseSink sink, Executor thread, Span span) {
    FillPump pump = new FillPump(sink, thread, span.first, span.end);
    pump.reader = fill.join(thread, pump::pump).orElse(null);
    return pump.reader == null ? Optional.empty() : Optional.of(pump);
  }

  /** Which bytes of the body are sent: from {@code first} up to but not including {@code end}. */
  public record Span(long first, long end) {}

  /** Begins to send; the head has been sent. */
  public void start() {
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
    StoredBody stored = body;
    if (stored != null) {
      stepInStore(stored);
      return;
    }
    if (from.position() >= end) {
      leave();
      sink.finish();
      return;
    }
    switch (from.next()) {
      case Fill.Piece.Bytes(ByteBuffer bytes) -> send(bytes, from.position() - bytes.remaining());
      case Fill.Piece.InStore(StoredBody opened, long position) -> {
        body = opened;
        storePosition = position;
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
        sink.finish(trailers);
      }
      case Fill.Piece.Broken() -> {
        leave();
        sink.breakOff();
      }
    }
  }

  private void stepInStore(StoredBody stored) {
    if (storePosition >= stored.length() || storePosition >= end) {
      stored.close();
      body = null;
      again = true;
      return;
    }
    stored.read(storePosition, this);
  }

  /** The part of {@code bytes}, which lie at {@code position}, that this response is to get. */
  private void send(ByteBuffer bytes, long position) {
    if (position + bytes.remaining() <= first) {
      again = true;
      return;
    }
    if (position < first) {
      bytes.position(bytes.position() + (int) (first - position));
    }
    long start = Math.max(position, first);
    if (bytes.remaining() > end - start) {
      bytes.limit(bytes.position() + (int) (end - start));
    }
    unflushed = true;
    again = sink.write(bytes, this::pump);
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
    long position = storePosition;
    storePosition += bytes.remaining();
    from.advance(bytes.remaining());
    send(bytes, position);
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

  /** Reads no more; what was begun stays as it is. */
  public void leave() {
    if (over) {
      return;
    }
    over = true;
    StoredBody stored = body;
    if (stored != null) {
      stored.close();
    }
    Fill.Reader from = reader;
    if (from != null) {
      from.leave();
    }
  }
}
