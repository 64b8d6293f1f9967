package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;
import org.xnio.channels.StreamSourceChannel;

/** The body of an origin's answer, read as fast as it is taken. */
final class OriginBody implements BodySource {
  private final StreamSourceChannel channel;
  private final XnioIoThread thread;
  private final ByteBufferPool buffers;
  private final Duration idleTimeout;
  private final OptionalLong length;
  private final Consumer<Boolean> release;
  private @Nullable Receiver receiver;
  private XnioExecutor.@Nullable Key timer;
  private boolean paused;
  private boolean ended;
  private boolean reading;

  /**
   * @param release told once whether the body was read to its end
   */
  OriginBody(
      StreamSourceChannel channel,
      XnioIoThread thread,
      ByteBufferPool buffers,
      Duration idleTimeout,
      OptionalLong length,
      Consumer<Boolean> release) {
    this.channel = channel;
    this.thread = thread;
    this.buffers = buffers;
    this.idleTimeout = idleTimeout;
    this.length = length;
    this.release = release;
  }

  @Override
  public OptionalLong length() {
    return length;
  }

  @Override
  public void deliver(Receiver to) {
    receiver = to;
    channel.getReadSetter().set(readable -> read());
    read();
  }

  @Override
  public void resume() {
    if (paused && !ended) {
      paused = false;
      read();
    }
  }

  @Override
  public void cancel() {
    if (!ended) {
      end(false);
    }
  }

  private void read() {
    Receiver to = receiver;
    if (to == null || ended || paused || reading) {
      return;
    }
    reading = true;
    try (PooledByteBuffer pooled = buffers.allocate()) {
      ByteBuffer buffer = pooled.getBuffer();
      while (!ended && !paused) {
        buffer.clear();
        int count = channel.read(buffer);
        if (count == 0) {
          watch();
          channel.resumeReads();
          return;
        }
        if (count < 0) {
          end(true);
          to.end();
          return;
        }
        buffer.flip();
        if (!to.take(buffer)) {
          paused = true;
          unwatch();
          channel.suspendReads();
        }
      }
    } catch (IOException e) {
      end(false);
      to.broken("the origin's answer broke off");
    } finally {
      reading = false;
    }
  }

  private void watch() {
    unwatch();
    timer =
        thread.executeAfter(
            () -> {
              Receiver to = receiver;
              if (!ended && !paused && to != null) {
                end(false);
                to.broken("the origin's answer stalled");
              }
            },
            idleTimeout.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void unwatch() {
    XnioExecutor.Key key = timer;
    if (key != null) {
      key.remove();
      timer = null;
    }
  }

  private void end(boolean whole) {
    ended = true;
    unwatch();
    channel.getReadSetter().set(null);
    channel.suspendReads();
    release.accept(whole);
  }
}
