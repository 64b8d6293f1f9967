package dev.perigee.edge.listener;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.xnio.IoUtils;
import org.xnio.Option;
import org.xnio.StreamConnection;

/**
 * A reader's connection: where it comes from, which may be elsewhere than its other end, and what
 * is to be done once it is closed. Undertow takes a connection's own close listener for itself.
 */
final class ReaderConnection extends StreamConnection {
  private final StreamConnection connection;
  private final SocketAddress source;
  private final AtomicReference<Runnable> whenClosed;

  /**
   * @param whenClosed run once
   */
  ReaderConnection(StreamConnection connection, SocketAddress source, Runnable whenClosed) {
    super(connection.getIoThread());
    this.connection = connection;
    this.source = source;
    this.whenClosed = new AtomicReference<>(whenClosed);
    setSourceConduit(connection.getSourceChannel().getConduit());
    setSinkConduit(connection.getSinkChannel().getConduit());
    connection.getCloseSetter().set(ended -> IoUtils.safeClose(this));
  }

  /** The same and this; only while it is open. */
  void whenClosed(Runnable more) {
    whenClosed.updateAndGet(
        before ->
            () -> {
              before.run();
              more.run();
            });
  }

  private static void nothing() {
    // it was done
  }

  @Override
  public SocketAddress getPeerAddress() {
    return source;
  }

  @Override
  public SocketAddress getLocalAddress() {
    return connection.getLocalAddress();
  }

  @Override
  protected void notifyReadClosed() {
    // Also where all is about to be closed elsewhere: whoever still reads, such as Undertow the
    // rest of a body, must be told at once that there is no more, or it waits for ever.
    IoUtils.safeClose(connection.getSourceChannel());
  }

  @Override
  protected void notifyWriteClosed() {
    if (!isOver()) {
      IoUtils.safeClose(connection.getSinkChannel());
    }
  }

  /** Both directions are closed: all of it is about to be. */
  private boolean isOver() {
    return isReadShutdown() && isWriteShutdown();
  }

  @Override
  protected void closeAction() throws IOException {
    try {
      super.closeAction();
      closeElsewhere();
    } finally {
      whenClosed.getAndSet(ReaderConnection::nothing).run();
    }
  }

  /**
   * Closed on its own I/O thread, XNIO would look at the thread's whole selector for each: where
   * thousands close in one moment, at all others that are ready, again and again.
   */
  private void closeElsewhere() throws IOException {
    try {
      getWorker().execute(() -> IoUtils.safeClose(connection));
    } catch (RejectedExecutionException e) {
      connection.close(); // the node stops
    }
  }

  @Override
  public boolean supportsOption(Option<?> option) {
    return connection.supportsOption(option);
  }

  @Override
  public <T> T getOption(Option<T> option) throws IOException {
    return connection.getOption(option);
  }

  @Override
  public <T> T setOption(Option<T> option, T value) throws IOException {
    return connection.setOption(option, value);
  }
}
