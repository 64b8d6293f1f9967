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
  private final Consumer<FailureKind> failed;
  private ByteBuffer rest = NOTHING;
  private boolean over;

  RequestBodyPump(BodySource body, StreamSinkChannel channel, Consumer<FailureKind> failed) {
    this.body = body;
    this.channel = channel;
    this.failed = failed;
  }

  void start() {
    body.deliver(this);
  }

  @Override
  public boolean take(ByteBuffer part) {
    if (over) {
      return false;
    }
    try {
      while (part.hasRemaining()) {
        if (channel.write(part) == 0) {
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
        if (channel.write(rest) == 0) {
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
      if (!channel.flush()) {
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
