package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xnio.channels.StreamSourceChannel;

/** The body of an origin's answer over HTTP/1, read as fast as it is taken. */
final class OriginBody implements BodySource {
  private final StreamSourceChannel channel;
  private final ByteBufferPool buffers;
  private final OptionalLong length;
  private final Supplier<FieldList> trailers;
  private @Nullable Receiver receiver;
  private boolean paused;
  private boolean ended;
  private boolean reading;

  /**
   * @param trailers asked once the body is whole
   */
  OriginBody(
      StreamSourceChannel channel,
      ByteBufferPool buffers,
      OptionalLong length,
      Supplier<FieldList> trailers) {
    this.channel = channel;
    this.buffers = buffers;
    this.length = length;
    this.trailers = trailers;
  }

  @Override
  public OptionalLong length() {
    return length;
  }

  @Override
  public FieldList trailers() {
    return trailers.get();
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
    end();
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
          channel.resumeReads();
          return;
        }
        if (count < 0) {
          end();
          to.end();
          return;
        }
        buffer.flip();
        if (!to.take(buffer)) {
          paused = true;
          channel.suspendReads();
        }
      }
    } catch (IOException e) {
      end();
      boolean flawed = e instanceof ResponseFlaw.Found;
      to.broken(flawed ? "the origin's answer breaks HTTP" : "the origin's answer broke off");
    } finally {
      reading = false;
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      channel.getReadSetter().set(null);
      channel.suspendReads();
    }
  }
}
