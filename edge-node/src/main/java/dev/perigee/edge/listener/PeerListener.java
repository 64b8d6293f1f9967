package dev.perigee.edge.listener;

import dev.perigee.edge.request.Arrival;
import dev.perigee.edge.request.ClientCert;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.RequestIds;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.SSLSessionInfo;
import io.undertow.server.handlers.HttpContinueReadHandler;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.SameThreadExecutor;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.xnio.Options;
import org.xnio.Sequence;
import org.xnio.SslClientAuthMode;

/**
 * The node's side towards other nodes: HTTP/1.1 over TLS 1.3 with a client certificate, on ports of
 * its own. What a request says here of its reader is believed, and nowhere else.
 */
public final class PeerListener implements AutoCloseable {
  private static final HttpString FIELD = new HttpString(PeerHop.FIELD);

  /** A whole TLS record: in less a large one would never be complete. */
  private static final int BUFFER = 20 * 1024;

  /** Fields that a node adds to those of a reader. */
  private static final int OWN_FIELDS = 8;

  private final ListenerConfig config;
  private final Consumer<Exchange> pipeline;
  private final Function<X509Certificate, Optional<String>> nodes;
  private final RequestIds ids;
  private final Undertow server;
  private final AtomicLong open = new AtomicLong();
  private volatile boolean draining;

  /**
   * A listener that is not started.
   *
   * @param config whose https port is the one for nodes; its limits are those for readers
   * @param tls of this node, which refuses who is no node
   * @param nodes whose certificate it is; empty where that is no node any more
   * @param random asked once, for the ids of requests that come without
   */
  public PeerListener(
      ListenerConfig config,
      Consumer<Exchange> pipeline,
      SSLContext tls,
      String protocol,
      Function<X509Certificate, Optional<String>> nodes,
      RandomGenerator random) {
    this.config = config;
    this.pipeline = pipeline;
    this.nodes = nodes;
    this.ids = new RequestIds(random);
    int fields = config.maxHeaders() + OWN_FIELDS;
    int bytes = config.maxHeaderBytes() + 2 * PeerHop.MAX_LENGTH + ClientCert.MAX_LENGTH;
    Undertow.Builder builder =
        ServerOptions.of(config)
            .builder(config, "edge-peers")
            .setBufferSize(BUFFER)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, bytes)
            .setServerOption(UndertowOptions.MAX_HEADERS, fields)
            .setServerOption(UndertowOptions.ENABLE_HTTP2, false)
            .setSocketOption(Options.SSL_CLIENT_AUTH_MODE, SslClientAuthMode.REQUIRED)
            .setSocketOption(Options.SSL_ENABLED_PROTOCOLS, Sequence.of(protocol))
            .setHandler(new HttpContinueReadHandler(this::receive));
    for (String address : config.addresses()) {
      builder.addHttpsListener(config.httpsPort(), address, tls);
    }
    server = builder.build();
  }

  /** Binds and accepts; throws {@link RuntimeException} around a BindException when it cannot. */
  public void start() {
    server.start();
  }

  /** The bound port of the first address. */
  public int port() {
    return ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
  }

  /** Requests of other nodes being answered. */
  public long openRequests() {
    return open.get();
  }

  /** Every response from now on ends its connection. */
  public void drain() {
    draining = true;
  }

  @Override
  public void close() {
    server.stop();
  }

  private void receive(HttpServerExchange exchange) {
    if (open.get() >= config.maxRequests()) {
      refuse(exchange, 503, "node-busy", "The node answers as many requests as it may.");
      return;
    }
    Optional<PeerHop> hop = hop(exchange);
    if (hop.isEmpty()) {
      refuse(exchange, 400, "no-hop", "A request of a node says where it comes from.");
    } else if (!asker(exchange).equals(Optional.of(hop.get().asker()))) {
      refuse(exchange, 403, "no-peer", "The node that asks is not of this network.");
    } else {
      switch (RequestGuard.check(exchange)) {
        case RequestGuard.Guarded.Refused(String sentence) ->
            refuse(exchange, 400, "bad-request", sentence);
        case RequestGuard.Guarded.Sound sound -> answer(exchange, sound, hop.get());
      }
    }
  }

  private void answer(HttpServerExchange exchange, RequestGuard.Guarded.Sound sound, PeerHop hop) {
    if (draining) {
      exchange.setPersistent(false);
    }
    open.incrementAndGet();
    exchange.addExchangeCompleteListener(
        (completed, next) -> {
          open.decrementAndGet();
          next.proceed();
        });
    if (!hop.vouchesFor(ReaderCertificates.said(exchange.getRequestHeaders()))) {
      ReaderCertificates.drop(exchange.getRequestHeaders());
    }
    ConnectionOptions.takeOut(exchange.getRequestHeaders());
    ClientPolicy.Client client =
        new ClientPolicy.Client(hop.client(), hop.proxies(), Optional.of(hop.scheme()), true);
    RequestId id =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst("X-Request-Id"))
            .flatMap(RequestId::given)
            .orElseGet(() -> RequestId.from(ids));
    exchange.dispatch(
        SameThreadExecutor.INSTANCE,
        () ->
            pipeline.accept(
                PeerExchange.of(
                    new UndertowExchange(exchange, sound, client, id, Arrival.WITHIN, Paces.NONE),
                    hop)));
  }

  private static Optional<PeerHop> hop(HttpServerExchange exchange) {
    HeaderValues lines = exchange.getRequestHeaders().get(FIELD);
    return lines == null || lines.size() != 1 ? Optional.empty() : PeerHop.parse(lines.getFirst());
  }

  private Optional<String> asker(HttpServerExchange exchange) {
    SSLSessionInfo session = exchange.getConnection().getSslSessionInfo();
    try {
      Certificate[] chain = session == null ? new Certificate[0] : session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate leaf
          ? nodes.apply(leaf)
          : Optional.empty();
    } catch (SSLPeerUnverifiedException | io.undertow.server.RenegotiationRequiredException e) {
      return Optional.empty();
    }
  }

  private static void refuse(
      HttpServerExchange exchange, int status, String reason, String sentence) {
    exchange.setPersistent(false);
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(FIELD, PeerNote.refused(reason).toText());
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
    exchange.getResponseHeaders().put(Headers.CONNECTION, "close");
    byte[] body = (status + " " + sentence + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseSender().send(ByteBuffer.wrap(body));
  }
}
