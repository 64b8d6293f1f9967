package dev.perigee.edge.transport;

import dev.perigee.edge.request.BodySource.Receiver;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.xnio.channels.StreamSourceChannel;

/**
 * A channel read as fast as its receiver takes what comes. Everything happens on the channel's I/O
 * thread; a buffer is held only while bytes are there.
 */
public final class ReadLoop {
  private final StreamSourceChannel channel;
  private final ByteBufferPool buffers;
  private final Broken broken;
  private @Nullable Receiver receiver;
  private boolean paused;
  private boolean ended;
  private boolean reading;

  /** Hears of a channel that breaks off before its end. */
  @FunctionalInterface
  public interface Broken {
    void broken(Receiver receiver, IOException problem);

    /** Whether nothing more will come, although the channel does not say so. */
    default boolean isHopeless() {
      return false;
    }

    /** The other end is waited for. */
    default void waits() {}

    /** Bytes have come. */
    default void moved(int bytes) {}

    /** The other end is not waited for just now. */
    default void rests() {}
  }

  /**
   * A loop that has not begun.
   *
   * @param broken told at most once
   */
  public ReadLoop(StreamSourceChannel channel, ByteBufferPool buffers, Broken broken) {
    this.channel = channel;
    this.buffers = buffers;
    this.broken = broken;
  }

  /** Begins. */
  public void deliver(Receiver to) {
    receiver = to;
    channel.getReadSetter().set(readable -> read());
    read();
  }

  /** The receiver that took no more takes again. */
  public void resume() {
    if (paused && !ended) {
      paused = false;
      read();
    }
  }

  /** Looks whether something has come. */
  public void read() {
    Receiver to = receiver;
    if (to == null || paused || reading) {
      return;
    }
    if (ended) {
      channel.suspendReads();
      return;
    }
    reading = true;
    try (PooledByteBuffer pooled = buffers.allocate()) {
      ByteBuffer buffer = pooled.getBuffer();
      while (!ended && !paused) {
        buffer.clear();
        int count = channel.read(buffer);
        if (count == 0) {
          if (broken.isHopeless()) {
            throw new IOException("what came is malformed");
          }
          channel.resumeReads();
          broken.waits();
          return;
        }
        if (count < 0) {
          end();
          broken.rests();
          to.end();
          return;
        }
        broken.moved(count);
        buffer.flip();
        if (!to.take(buffer)) {
          paused = true;
          channel.suspendReads();
          broken.rests();
        }
      }
    } catch (IOException e) {
      end();
      broken.broken(to, e);
    } finally {
      reading = false;
    }
  }

  /** Nothing more is delivered, and the channel is left to whoever reads it next. */
  public void end() {
    if (!ended) {
      ended = true;
      channel.getReadSetter().set(null);
      channel.suspendReads();
    }
  }

  /**
   * The channel is given up: nothing more of it is waited for.
   *
   * @return false where it had ended before
   */
  public boolean breakOff(IOException problem) {
    Receiver to = receiver;
    if (ended || to == null) {
      return false;
    }
    end();
    broken.broken(to, problem);
    return true;
  }

  /** Nothing more is delivered; the channel's listener stays, for it may be another's by now. */
  public void abandon() {
    ended = true;
  }
}
