package dev.perigee.edge.listener;

import io.undertow.connector.ByteBufferPool;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.protocol.http.AlpnOpenListener;
import io.undertow.server.protocol.http.HttpOpenListener;
import io.undertow.server.protocol.http2.Http2OpenListener;
import io.undertow.server.protocol.http2.Http2UpgradeHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.xnio.ChannelListener;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;

/**
 * The ports whose proxies speak the PROXY protocol. Undertow leaves no place for a gate of ours
 * before its listeners, so these are put together here, of the same parts as its own.
 */
final class ProxiedPorts implements AutoCloseable {
  private static final int BUFFER = 16 * 1024;

  /** As Undertow has it: a plain HTTP/1.1 is taken where no protocol is agreed on. */
  private static final int HTTP2_WEIGHT = 10;

  private final ClientPolicy clients;
  private final long timeoutMillis;
  private final HttpHandler handler;
  private final OptionMap serverOptions;
  private final OptionMap socketOptions;
  private final ByteBufferPool buffers = new DefaultByteBufferPool(true, BUFFER);
  private final List<AcceptingChannel<? extends StreamConnection>> open = new ArrayList<>();

  ProxiedPorts(
      ClientPolicy clients,
      long timeoutMillis,
      HttpHandler handler,
      OptionMap serverOptions,
      OptionMap socketOptions) {
    this.clients = clients;
    this.timeoutMillis = timeoutMillis;
    this.handler = handler;
    this.serverOptions = serverOptions;
    this.socketOptions = socketOptions;
  }

  /**
   * Opens one.
   *
   * @param tls for HTTPS, empty for HTTP
   * @return where it is bound
   */
  InetSocketAddress open(XnioWorker worker, InetSocketAddress address, Optional<SSLContext> tls)
      throws IOException {
    ProxyGate gate =
        new ProxyGate(
            clients,
            timeoutMillis,
            tls.map(context -> https(worker, context)).orElseGet(this::http));
    ChannelListener<AcceptingChannel<StreamConnection>> accepting =
        ChannelListeners.openListenerAdapter(gate);
    AcceptingChannel<? extends StreamConnection> server =
        worker.createStreamConnectionServer(address, accepting, socketOptions);
    open.add(server);
    server.resumeAccepts();
    return (InetSocketAddress) server.getLocalAddress();
  }

  private Consumer<StreamConnection> http() {
    return httpListener(new Http2UpgradeHandler(handler))::handleEvent;
  }

  private Consumer<StreamConnection> https(XnioWorker worker, SSLContext context) {
    Xnio xnio = worker.getXnio();
    UndertowXnioSsl ssl =
        new UndertowXnioSsl(xnio, OptionMap.create(Options.USE_DIRECT_BUFFERS, true), context);
    Http2OpenListener http2 = new Http2OpenListener(buffers, serverOptions);
    http2.setRootHandler(handler);
    AlpnOpenListener alpn = new AlpnOpenListener(buffers, serverOptions, httpListener(handler));
    alpn.addProtocol(Http2OpenListener.HTTP2, http2, HTTP2_WEIGHT);
    return plain -> alpn.handleEvent(ssl.wrapExistingConnection(plain, OptionMap.EMPTY, false));
  }

  private HttpOpenListener httpListener(HttpHandler root) {
    HttpOpenListener http = new HttpOpenListener(buffers, serverOptions);
    http.setRootHandler(root);
    return http;
  }

  @Override
  public void close() {
    open.forEach(IoUtils::safeClose);
  }
}
