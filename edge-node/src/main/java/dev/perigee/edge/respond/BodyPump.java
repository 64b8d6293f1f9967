package dev.perigee.edge.respond;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.request.ResponseSink;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Carries bytes of a stored body to a response, block by block, as fast as the client takes them.
 * Lives on the response's I/O thread; a block that is not in memory comes from a store thread and
 * is handed over.
 */
public final class BodyPump implements StoredBody.Reading {
  private final StoredBody body;
  private final ResponseSink sink;
  private final Executor thread;
  private final long end;
  private long position;
  private boolean over;
  private boolean pumping;
  private boolean inline;
  private volatile @Nullable Thread pumpThread;

  private BodyPump(StoredBody body, ResponseSink sink, Executor thread, long position, long end) {
    this.body = body;
    this.sink = sink;
    this.thread = thread;
    this.position = position;
    this.end = end;
  }

  /**
   * Sends the bytes from {@code first} up to but not including {@code end}, finishes the response
   * and closes the body.
   */
  public static void send(
      StoredBody body, ResponseSink sink, Executor thread, long first, long end) {
    BodyPump pump = new BodyPump(body, sink, thread, first, end);
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
      if (position >= end) {
        close();
        sink.finish();
        break;
      }
      body.read(position, this);
    } while (inline);
    pumping = false;
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
