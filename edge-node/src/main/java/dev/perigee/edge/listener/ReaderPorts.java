package dev.perigee.edge.listener;

import io.undertow.UndertowOptions;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.ConnectorStatistics;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.DelegateOpenListener;
import io.undertow.server.HttpHandler;
import io.undertow.server.protocol.http.AlpnOpenListener;
import io.undertow.server.protocol.http.HttpOpenListener;
import io.undertow.server.protocol.http2.Http2OpenListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioExecutor;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;

/**
 * The ports for readers. Undertow leaves no place for a gate of ours before its listeners, nor for
 * a filter before its parser, so these are put together here, of the same parts as its own.
 */
final class ReaderPorts implements AutoCloseable {
  /** As Undertow has it: room is left for the heads of records and frames. */
  private static final int BUFFER = 16 * 1024 - 20;

  /** As Undertow has it: a plain HTTP/1.1 is taken where no protocol is agreed on. */
  private static final int HTTP2_WEIGHT = 10;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final ClientPolicy clients;
  private final Entrance entrance;
  private final DoorLimits door;
  private final RequestFilter.Bounds bounds;
  private final HttpHandler handler;
  private final OptionMap serverOptions;
  private final OptionMap socketOptions;
  private final ByteBufferPool buffers = new DefaultByteBufferPool(true, BUFFER);
  private final List<AcceptingChannel<? extends StreamConnection>> open = new ArrayList<>();

  private final HandshakeGate gate;
  private final Duration idle;

  /** Connections whose handshake is under way. */
  private final Map<StreamConnection, Handshake> handshakes = new ConcurrentHashMap<>();

  /**
   * A handshake.
   *
   * @param reader beneath it
   * @param timer ends one that takes too long
   * @param over run at its end
   */
  private record Handshake(ReaderConnection reader, XnioExecutor.Key timer, Runnable over) {}

  ReaderPorts(
      ClientPolicy clients,
      Entrance entrance,
      DoorLimits door,
      RequestFilter.Bounds bounds,
      HttpHandler handler,
      ServerOptions options,
      Duration idle) {
    this.clients = clients;
    this.entrance = entrance;
    this.door = door;
    this.bounds = bounds;
    this.gate = new HandshakeGate(door.handshakes(), bounds.headMillis(), entrance.counts());
    this.handler = handler;
    this.serverOptions = options.server();
    this.socketOptions = options.socket();
    this.idle = idle;
  }

  /**
   * Opens one.
   *
   * @param scheme http or https
   * @param tls for HTTPS, empty for HTTP
   * @return where it is bound
   */
  InetSocketAddress open(
      XnioWorker worker, String scheme, InetSocketAddress address, Optional<SSLContext> tls)
      throws IOException {
    Consumer<ReaderConnection> listener =
        tls.map(context -> https(worker, context)).orElseGet(this::http);
    BiConsumer<StreamConnection, SocketAddress> enter =
        (connection, source) -> entrance.enter(connection, source, listener);
    ChannelListener<StreamConnection> first =
        clients.proxyProtocol().contains(scheme)
            ? new ProxyGate(clients, bounds.headMillis(), enter)
            : connection -> enter.accept(connection, connection.getPeerAddress());
    ChannelListener<AcceptingChannel<StreamConnection>> accepting =
        ChannelListeners.openListenerAdapter(
            connection ->
                ThreadTurns.of(connection.getIoThread()).run(() -> first.handleEvent(connection)));
    AcceptingChannel<? extends StreamConnection> server =
        worker.createStreamConnectionServer(address, accepting, socketOptions);
    open.add(server);
    server.resumeAccepts();
    return (InetSocketAddress) server.getLocalAddress();
  }

  private Consumer<ReaderConnection> http() {
    return new Opened(new HttpOpenListener(buffers, serverOptions), true)::handleEvent;
  }

  private Consumer<ReaderConnection> https(XnioWorker worker, SSLContext context) {
    Xnio xnio = worker.getXnio();
    UndertowXnioSsl ssl =
        new UndertowXnioSsl(xnio, OptionMap.create(Options.USE_DIRECT_BUFFERS, true), context);
    Opened http1 = new Opened(new HttpOpenListener(buffers, serverOptions), true);
    OptionMap idling =
        OptionMap.builder()
            .addAll(serverOptions)
            .set(UndertowOptions.IDLE_TIMEOUT, (int) idle.toMillis())
            .getMap();
    Opened http2 = new Opened(new Http2OpenListener(buffers, idling), false);
    AlpnOpenListener alpn = new AlpnOpenListener(buffers, serverOptions, http1);
    alpn.addProtocol(Http2OpenListener.HTTP2, http2, HTTP2_WEIGHT);
    HandshakeGate.Begin begin =
        (plain, over) -> {
          StreamConnection secure = ssl.wrapExistingConnection(plain, OptionMap.EMPTY, false);
          handshakes.put(secure, new Handshake(plain, timer(secure), over));
          alpn.handleEvent(secure);
        };
    return plain -> gate.enter(plain, begin);
  }

  /** Undertow waits for a handshake as long as the connection lasts. */
  private XnioExecutor.Key timer(StreamConnection secure) {
    return secure
        .getIoThread()
        .executeAfter(
            () -> {
              if (handshakes.remove(secure) != null) {
                entrance.counts().count(DoorReason.HANDSHAKE_TIMEOUT);
                IoUtils.safeClose(secure);
              }
            },
            bounds.headMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Handshakes under way. */
  int handshakes() {
    return gate.underWay();
  }

  @Override
  public void close() {
    open.forEach(IoUtils::safeClose);
  }

  /** Undertow's listener for one protocol, HTTP/1 with our filter in front of its parser. */
  private final class Opened implements DelegateOpenListener {
    private final DelegateOpenListener next;
    private final boolean filtered;

    Opened(DelegateOpenListener next, boolean filtered) {
      this.next = next;
      this.filtered = filtered;
      next.setRootHandler(handler);
    }

    @Override
    public void handleEvent(StreamConnection connection) {
      handleEvent(connection, null);
    }

    @Override
    public void handleEvent(StreamConnection connection, @Nullable PooledByteBuffer read) {
      Handshake handshake = handshakes.remove(connection);
      if (handshake != null) {
        handshake.timer().remove();
        handshake.over().run();
      }
      if (filtered) {
        watch(connection, handshake);
      }
      FrameDoor frames = new FrameDoor(connection, door, bounds.headOctets(), entrance.counts());
      if (!filtered) {
        ByteBuffer first = read == null ? NOTHING : read.getBuffer();
        frames.begin(first, first.position(), first.limit());
        next.handleEvent(connection, read);
        return;
      }
      RequestFilter filter =
          new RequestFilter(connection.getSourceChannel().getConduit(), bounds, frames::begin);
      if (read != null) {
        filter.begin(read.getBuffer());
        read.close();
      }
      connection.getSourceChannel().setConduit(filter);
      next.handleEvent(connection, null);
    }

    /** Over HTTP/2 Undertow does it itself. */
    private void watch(StreamConnection connection, @Nullable Handshake handshake) {
      try {
        if (handshake != null) {
          IdleWatch.begin(connection, handshake.reader(), idle);
        } else if (connection instanceof ReaderConnection reader) {
          IdleWatch.begin(connection, reader, idle);
        }
      } catch (IOException e) {
        IoUtils.safeClose(connection);
      }
    }

    @Override
    public HttpHandler getRootHandler() {
      return next.getRootHandler();
    }

    @Override
    public void setRootHandler(HttpHandler root) {
      next.setRootHandler(root);
    }

    @Override
    public OptionMap getUndertowOptions() {
      return next.getUndertowOptions();
    }

    @Override
    public void setUndertowOptions(OptionMap options) {
      next.setUndertowOptions(options);
    }

    @Override
    public ByteBufferPool getBufferPool() {
      return buffers;
    }

    @Override
    public @Nullable ConnectorStatistics getConnectorStatistics() {
      return next.getConnectorStatistics();
    }

    @Override
    public void closeConnections() {
      next.closeConnections();
    }
  }
}
