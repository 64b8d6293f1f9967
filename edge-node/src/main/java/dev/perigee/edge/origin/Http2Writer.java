package dev.perigee.edge.origin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.xnio.conduits.ConduitStreamSinkChannel;

/** Frames on their way out of one connection, in their order. */
final class Http2Writer {
  /** Past so many bytes no more DATA is taken. */
  private static final int ENOUGH = 64 * 1024;

  /** Past so many bytes of answers to a server's frames, which it does not read, it is left. */
  private static final int MAX_QUEUED = 1 << 20;

  private final ConduitStreamSinkChannel channel;
  private final Runnable drained;
  private final Runnable failed;
  private final Deque<ByteBuffer> queue = new ArrayDeque<>();
  private int queued;
  private boolean over;

  /**
   * @param drained called when more DATA may be queued after {@link #isFull} said no
   * @param failed called once when the connection takes no more
   */
  Http2Writer(ConduitStreamSinkChannel channel, Runnable drained, Runnable failed) {
    this.channel = channel;
    this.drained = drained;
    this.failed = failed;
  }

  boolean isFull() {
    return queued >= ENOUGH;
  }

  void add(ByteBuffer frame) {
    if (over) {
      return;
    }
    queue.addLast(frame);
    queued += frame.remaining();
    if (queued > MAX_QUEUED) {
      fail();
    }
  }

  /** Writes what can be written now, and the rest when it can be. */
  void flush() {
    if (over) {
      return;
    }
    try {
      boolean wasFull = isFull();
      if (writeQueue() && channel.flush()) {
        channel.suspendWrites();
      } else {
        channel.setWriteListener(writable -> flush());
        channel.resumeWrites();
      }
      if (wasFull && !isFull()) {
        drained.run();
      }
    } catch (IOException e) {
      fail();
    }
  }

  private boolean writeQueue() throws IOException {
    while (!queue.isEmpty()) {
      ByteBuffer[] all = queue.toArray(ByteBuffer[]::new);
      long count = channel.write(all, 0, all.length);
      if (count == 0) {
        return false;
      }
      queued -= (int) count;
      while (!queue.isEmpty() && !queue.peekFirst().hasRemaining()) {
        queue.removeFirst();
      }
    }
    return true;
  }

  private void fail() {
    if (!over) {
      over = true;
      queue.clear();
      failed.run();
    }
  }

  /** Nothing more is written. */
  void stop() {
    over = true;
    queue.clear();
  }
}
