package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.xnio.channels.StreamSinkChannel;

/** Carries a request's body from the client to the origin, as fast as the origin takes it. */
final class RequestBodyPump implements BodySource.Receiver {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final BodySource body;
  private final StreamSinkChannel channel;
  private final Runnable sent;
  private final Consumer<FailureKind> failed;
  private long moved;
  private ByteBuffer rest = NOTHING;
  private boolean over;

  /**
   * @param sent called once the whole body is on its way
   * @param failed called at most once, instead
   */
  RequestBodyPump(
      BodySource body, StreamSinkChannel channel, Runnable sent, Consumer<FailureKind> failed) {
    this.body = body;
    this.channel = channel;
    this.sent = sent;
    this.failed = failed;
  }

  void start() {
    body.deliver(this);
  }

  /** Bytes that the origin took so far. */
  long moved() {
    return moved;
  }

  /** What is to blame when nothing moves. */
  FailureKind waitsFor() {
    return rest.hasRemaining() ? FailureKind.RESPONSE_TIMEOUT : FailureKind.REQUEST_BODY;
  }

  @Override
  public boolean take(ByteBuffer part) {
    if (over) {
      return false;
    }
    try {
      while (part.hasRemaining()) {
        int count = channel.write(part);
        moved += count;
        if (count == 0) {
          rest = ByteBuffer.allocate(part.remaining()).put(part).flip();
          channel.getWriteSetter().set(writable -> writeRest());
          channel.resumeWrites();
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
    try {
      while (rest.hasRemaining()) {
        int count = channel.write(rest);
        moved += count;
        if (count == 0) {
          return;
        }
      }
      rest = NOTHING;
      channel.suspendWrites();
      body.resume();
    } catch (IOException e) {
      fail(FailureKind.RESET);
    }
  }

  @Override
  public void end() {
    try {
      channel.shutdownWrites();
      if (channel.flush()) {
        sent.run();
      } else {
        channel.getWriteSetter().set(writable -> flush());
        channel.resumeWrites();
      }
    } catch (IOException e) {
      fail(FailureKind.RESET);
    }
  }

  private void flush() {
    try {
      if (channel.flush()) {
        channel.suspendWrites();
        sent.run();
      }
    } catch (IOException e) {
      fail(FailureKind.RESET);
    }
  }

  @Override
  public void broken(String reason) {
    fail(FailureKind.REQUEST_BODY);
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
