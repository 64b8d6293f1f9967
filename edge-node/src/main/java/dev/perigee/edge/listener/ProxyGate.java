package dev.perigee.edge.listener;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.xnio.Buffers;
import org.xnio.ChannelListener;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.XnioExecutor;
import org.xnio.channels.StreamSourceChannel;
import org.xnio.conduits.PushBackStreamSourceConduit;

/**
 * Stands before a listener whose proxies speak the PROXY protocol: a connection of a trusted one
 * must begin with its header, whole within a time and a size; it then goes on as one from the
 * header's source. Everybody else's connection goes on as it is, so that a header of theirs is no
 * HTTP, nor TLS.
 */
final class ProxyGate implements ChannelListener<StreamConnection> {
  private final ClientPolicy clients;
  private final long timeoutMillis;
  private final BiConsumer<StreamConnection, SocketAddress> next;

  /**
   * @param next takes the connections that go on, and where they come from
   */
  ProxyGate(
      ClientPolicy clients, long timeoutMillis, BiConsumer<StreamConnection, SocketAddress> next) {
    this.clients = clients;
    this.timeoutMillis = timeoutMillis;
    this.next = next;
  }

  @Override
  public void handleEvent(StreamConnection connection) {
    boolean isTrusted =
        connection.getPeerAddress() instanceof InetSocketAddress peer
            && clients.trusts(peer.getAddress());
    if (isTrusted) {
      new Reading(connection).begin();
    } else {
      next.accept(connection, connection.getPeerAddress());
    }
  }

  /** One header being read. */
  private final class Reading {
    private final StreamConnection connection;
    private final ByteBuffer bytes = ByteBuffer.allocate(ProxyHeader.MAX_BYTES);
    private XnioExecutor.@Nullable Key timer;

    Reading(StreamConnection connection) {
      this.connection = connection;
    }

    void begin() {
      timer =
          connection
              .getIoThread()
              .executeAfter(
                  () -> IoUtils.safeClose(connection), timeoutMillis, TimeUnit.MILLISECONDS);
      connection.getSourceChannel().setReadListener(this::read);
      connection.getSourceChannel().resumeReads();
      read(connection.getSourceChannel());
    }

    private void read(StreamSourceChannel from) {
      try {
        int count = from.read(bytes);
        while (count > 0) {
          if (isDecided()) {
            return;
          }
          count = from.read(bytes);
        }
        if (count < 0) {
          refuse();
        }
      } catch (IOException e) {
        refuse();
      }
    }

    private boolean isDecided() {
      return switch (ProxyHeader.parse(bytes.duplicate().flip())) {
        case ProxyHeader.Parsed.Incomplete() -> false;
        case ProxyHeader.Parsed.Malformed() -> {
          refuse();
          yield true;
        }
        case ProxyHeader.Parsed.Whole header -> {
          goOn(header);
          yield true;
        }
      };
    }

    private void refuse() {
      forgetTimer();
      IoUtils.safeClose(connection);
    }

    private void goOn(ProxyHeader.Parsed.Whole header) {
      forgetTimer();
      connection.getSourceChannel().suspendReads();
      connection.getSourceChannel().setReadListener(null);
      ByteBuffer rest = bytes.flip().position(header.length()).slice();
      if (rest.hasRemaining()) {
        PushBackStreamSourceConduit conduit =
            new PushBackStreamSourceConduit(connection.getSourceChannel().getConduit());
        conduit.pushBack(Buffers.pooledWrapper(rest));
        connection.getSourceChannel().setConduit(conduit);
      }
      next.accept(
          connection,
          header.source().<SocketAddress>map(source -> source).orElse(connection.getPeerAddress()));
    }

    private void forgetTimer() {
      XnioExecutor.Key key = timer;
      if (key != null) {
        key.remove();
        timer = null;
      }
    }
  }
}
