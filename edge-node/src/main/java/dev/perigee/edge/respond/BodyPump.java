package dev.perigee.edge.respond;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.request.ResponseSink;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Carries bytes of a stored body to a response, block by block and range by range, as fast as the
 * client takes them. Lives on the response's I/O thread; a block that is not in memory comes from a
 * store thread and is handed over.
 */
public final class BodyPump implements StoredBody.Reading {
  private final StoredBody body;
  private final ResponseSink sink;
  private final Executor thread;
  private final Iterator<Segment> segments;
  private long end;
  private long position;
  private boolean over;
  private boolean pumping;
  private boolean inline;
  private volatile @Nullable Thread pumpThread;

  private BodyPump(
      StoredBody body, ResponseSink sink, Executor thread, Iterator<Segment> segments) {
    this.body = body;
    this.sink = sink;
    this.thread = thread;
    this.segments = segments;
  }

  /** Sends the segments, finishes the response and closes the body. */
  public static void send(
      StoredBody body, ResponseSink sink, Executor thread, List<Segment> segments) {
    BodyPump pump = new BodyPump(body, sink, thread, segments.iterator());
    sink.onAbandoned(pump::abandon);
    pump.pump();
  }

  /** A loop and not a recursion, however many blocks are at hand. */
  private void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    pumpThread = Thread.currentThread();
    do {
      inline = false;
      if (over) {
        break;
      }
      if (position < end) {
        body.read(position, this);
      } else if (segments.hasNext()) {
        begin(segments.next());
      } else {
        close();
        sink.finish();
        break;
      }
    } while (inline);
    pumping = false;
  }

  private void begin(Segment segment) {
    switch (segment) {
      case Segment.Bytes(long first, long until) -> {
        position = first;
        end = until;
        inline = true;
      }
      case Segment.Text(ByteBuffer bytes) -> inline = sink.write(bytes.duplicate(), this::pump);
    }
  }

  @Override
  public void ready(ByteBuffer bytes) {
    if (Thread.currentThread() == pumpThread && pumping) {
      write(bytes);
    } else {
      thread.execute(
          () -> {
            write(bytes);
            if (inline) {
              pump();
            }
          });
    }
  }

  private void write(ByteBuffer bytes) {
    if (over) {
      return;
    }
    if (bytes.remaining() > end - position) {
      bytes.limit(bytes.position() + (int) (end - position));
    }
    position += bytes.remaining();
    inline = sink.write(bytes, this::pump);
  }

  @Override
  public void failed(String reason) {
    thread.execute(
        () -> {
          if (!over) {
            close();
            sink.breakOff();
          }
        });
  }

  private void abandon() {
    close();
  }

  private void close() {
    over = true;
    body.close();
  }
}
