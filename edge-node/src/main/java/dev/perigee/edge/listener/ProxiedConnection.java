package dev.perigee.edge.listener;

import java.io.IOException;
import java.net.SocketAddress;
import org.xnio.IoUtils;
import org.xnio.Option;
import org.xnio.StreamConnection;

/** A connection that comes from elsewhere than its other end. */
final class ProxiedConnection extends StreamConnection {
  private final StreamConnection connection;
  private final SocketAddress source;

  ProxiedConnection(StreamConnection connection, SocketAddress source) {
    super(connection.getIoThread());
    this.connection = connection;
    this.source = source;
    setSourceConduit(connection.getSourceChannel().getConduit());
    setSinkConduit(connection.getSinkChannel().getConduit());
    connection.getCloseSetter().set(closed -> IoUtils.safeClose(this));
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
    IoUtils.safeClose(connection.getSourceChannel());
  }

  @Override
  protected void notifyWriteClosed() {
    IoUtils.safeClose(connection.getSinkChannel());
  }

  @Override
  protected void closeAction() throws IOException {
    super.closeAction();
    connection.close();
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
