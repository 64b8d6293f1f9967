package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.TrailerFields;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Carries a request's body from the client to the origin, as fast as the origin takes it. */
final class RequestBodyPump implements BodySource.Receiver {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final BodySource body;
  private final BodySink sink;
  private final Runnable sent;
  private final Consumer<FailureKind> failed;
  private long moved;
  private ByteBuffer rest = NOTHING;
  private boolean over;

  /**
   * @param sent called once the whole body is on its way
   * @param failed called at most once, instead
   */
  RequestBodyPump(BodySource body, BodySink sink, Runnable sent, Consumer<FailureKind> failed) {
    this.body = body;
    this.sink = sink;
    this.sent = sent;
    this.failed = failed;
  }

  /** Begins; the head goes out at once, even if nothing of the body is there yet. */
  void start() {
    body.deliver(this);
    if (!over && moved == 0) {
      try {
        sink.flush();
      } catch (IOException e) {
        fail(FailureKind.RESET);
      }
    }
  }

  /** Bytes that the origin took so far. */
  long moved() {
    return moved;
  }

  /** What is to blame when nothing moves. */
  FailureKind waitsFor() {
    return rest.hasRemaining() ? FailureKind.RESPONSE_TIMEOUT : FailureKind.REQUEST_TIMEOUT;
  }

  /** Nothing more is taken from the client. */
  void stop() {
    over = true;
    body.cancel();
  }

  @Override
  public boolean take(ByteBuffer part) {
    if (over) {
      return false;
    }
    try {
      while (part.hasRemaining()) {
        int count = sink.write(part);
        moved += count;
        if (count == 0) {
          rest = ByteBuffer.allocate(part.remaining()).put(part).flip();
          sink.whenWritable(this::writeRest);
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      fail(FailureKind.RESET);
      return false;
    }
  }

  private void writeRest() {
    if (over) {
      return;
    }
    try {
      while (rest.hasRemaining()) {
        int count = sink.write(rest);
        moved += count;
        if (count == 0) {
          sink.whenWritable(this::writeRest);
          return;
        }
      }
      rest = NOTHING;
      body.resume();
    } catch (IOException e) {
      fail(FailureKind.RESET);
    }
  }

  @Override
  public void end() {
    if (over) {
      return;
    }
    over = true;
    try {
      sink.end(TrailerFields.allowed(body.trailers()), sent);
    } catch (IOException e) {
      failed.accept(FailureKind.RESET);
    }
  }

  @Override
  public void broken(String reason) {
    fail(
        reason.equals(BodySource.TOO_SLOW)
            ? FailureKind.REQUEST_TIMEOUT
            : FailureKind.REQUEST_BODY);
  }

  /** The origin may have answered already, without reading on: then its answer stands. */
  private void fail(FailureKind kind) {
    if (!over) {
      over = true;
      body.cancel();
      failed.accept(kind);
    }
  }
}
