package dev.perigee.edge.listener;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.XnioExecutor;
import org.xnio.conduits.AbstractStreamSinkConduit;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.ConduitStreamSinkChannel;
import org.xnio.conduits.ConduitStreamSourceChannel;
import org.xnio.conduits.StreamSinkConduit;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Ends a connection whose client is waited for, to send or to take, while nothing moves for the
 * idle timeout: whatever else the paces allow, a client that is gone must not hold one for ever.
 *
 * <p>In place of XNIO's and Undertow's timeouts of reads and writes, which start and end a timer
 * with each request: there is one, which looks once in a while for as long as the connection lasts.
 */
final class IdleWatch {
  private final StreamConnection connection;
  private final long idleNanos;

  /** When something moved, or the client began to be waited for. */
  private long moved = System.nanoTime();

  private volatile XnioExecutor.@Nullable Key timer;
  private volatile boolean over;

  private IdleWatch(StreamConnection connection, Duration idle) {
    this.connection = connection;
    this.idleNanos = idle.toNanos();
  }

  /**
   * Watches what moves through this connection, on its I/O thread.
   *
   * @param reader the same, or what lies beneath; its end is the end of the watch
   */
  static void begin(StreamConnection connection, ReaderConnection reader, Duration idle)
      throws IOException {
    connection.setOption(Options.READ_TIMEOUT, 0);
    connection.setOption(Options.WRITE_TIMEOUT, 0);
    IdleWatch watch = new IdleWatch(connection, idle);
    connection
        .getSourceChannel()
        .setConduit(watch.new In(connection.getSourceChannel().getConduit()));
    connection.getSinkChannel().setConduit(watch.new Out(connection.getSinkChannel().getConduit()));
    reader.whenClosed(watch::end);
    watch.lookIn(watch.idleNanos);
  }

  private void end() {
    over = true;
    XnioExecutor.Key key = timer;
    if (key != null) {
      key.remove();
    }
  }

  private void lookIn(long nanos) {
    timer = connection.getIoThread().executeAfter(this::look, nanos, TimeUnit.NANOSECONDS);
    if (over) {
      end();
    }
  }

  private void look() {
    if (over) {
      return;
    }
    long left = isWaiting() ? moved + idleNanos - System.nanoTime() : idleNanos;
    if (left > 0) {
      lookIn(left);
      return;
    }
    end(connection.getSourceChannel(), connection.getSinkChannel());
  }

  /**
   * Whoever reads or writes is told, as the selector tells nobody of what is closed here. Closing
   * may put other listeners in the place of theirs.
   */
  private void end(ConduitStreamSourceChannel source, ConduitStreamSinkChannel sink) {
    boolean reads = source.isReadResumed();
    boolean writes = sink.isWriteResumed();
    ChannelListener<? super ConduitStreamSourceChannel> reader = source.getReadListener();
    ChannelListener<? super ConduitStreamSinkChannel> writer = sink.getWriteListener();
    if (writes) {
      abort();
    }
    IoUtils.safeClose(connection);
    if (reads) {
      ChannelListeners.invokeChannelListener(source, reader);
    }
    if (writes) {
      ChannelListeners.invokeChannelListener(sink, writer);
    }
  }

  /** What waits in the system for a client who does not take it would wait there on. */
  private void abort() {
    try {
      connection.setOption(Options.CLOSE_ABORT, true);
    } catch (IOException e) {
      // it is closed already
    }
  }

  private boolean isWaiting() {
    return connection.getSourceChannel().isReadResumed()
        || connection.getSinkChannel().isWriteResumed();
  }

  private void waits() {
    if (!isWaiting()) {
      moved = System.nanoTime();
    }
  }

  /** So many bytes have gone, or come. */
  private long moved(long count) {
    if (count > 0) {
      moved = System.nanoTime();
    }
    return count;
  }

  /** What comes. */
  private final class In extends AbstractStreamSourceConduit<StreamSourceConduit> {
    In(StreamSourceConduit next) {
      super(next);
    }

    @Override
    public int read(ByteBuffer dst) throws IOException {
      return (int) moved(next.read(dst));
    }

    @Override
    public void resumeReads() {
      waits();
      next.resumeReads();
    }

    @Override
    public void wakeupReads() {
      waits();
      next.wakeupReads();
    }
  }

  /** What goes. */
  private final class Out extends AbstractStreamSinkConduit<StreamSinkConduit> {
    Out(StreamSinkConduit next) {
      super(next);
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
      return (int) moved(next.write(src));
    }

    @Override
    public long write(ByteBuffer[] srcs, int offs, int len) throws IOException {
      return moved(next.write(srcs, offs, len));
    }

    @Override
    public int writeFinal(ByteBuffer src) throws IOException {
      return (int) moved(next.writeFinal(src));
    }

    @Override
    public long writeFinal(ByteBuffer[] srcs, int offs, int len) throws IOException {
      return moved(next.writeFinal(srcs, offs, len));
    }

    @Override
    public void resumeWrites() {
      waits();
      next.resumeWrites();
    }

    @Override
    public void wakeupWrites() {
      waits();
      next.wakeupWrites();
    }
  }
}
