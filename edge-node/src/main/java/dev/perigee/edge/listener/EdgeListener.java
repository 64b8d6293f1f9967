package dev.perigee.edge.listener;

import dev.perigee.contract.Probe;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.RequestIds;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.HttpContinueReadHandler;
import io.undertow.util.Headers;
import io.undertow.util.Protocols;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;

/**
 * The node's readers' side: HTTP and HTTPS on every address, each request checked by the guard and
 * handed to the pipeline on its I/O thread.
 */
public final class EdgeListener implements AutoCloseable {
  private final ListenerConfig config;
  private final Consumer<Exchange> pipeline;
  private final Optional<SSLContext> tls;
  private final Undertow server;
  private final ReaderPorts ports;
  private final List<Bound> bound = new CopyOnWriteArrayList<>();
  private final RequestIds ids;
  private final AtomicLong open = new AtomicLong();
  private final AtomicInteger turn = new AtomicInteger();
  private volatile boolean draining;

  /**
   * A listener that is not started.
   *
   * @param tls for HTTPS; without it there is HTTP only
   * @param random asked once, for the ids of requests
   */
  public EdgeListener(
      ListenerConfig config,
      Consumer<Exchange> pipeline,
      Optional<SSLContext> tls,
      RandomGenerator random) {
    this.config = config;
    this.pipeline = pipeline;
    this.ids = new RequestIds(random);
    this.tls = tls;
    HttpHandler handler = new HttpContinueReadHandler(this::receive);
    ServerOptions options = ServerOptions.of(config);
    this.ports =
        new ReaderPorts(
            config.clients(),
            new RequestFilter.Bounds(
                config.maxHeaderBytes(), config.maxHeaders(), config.headTimeout().toMillis()),
            handler,
            options.server(),
            options.socket());
    server = options.builder(config, "edge").build();
  }

  /** Binds and accepts; throws {@link RuntimeException} around a BindException when it cannot. */
  public void start() {
    server.start();
    try {
      for (String address : config.addresses()) {
        if (config.httpPort() >= 0) {
          open("http", address, config.httpPort(), Optional.empty());
        }
        if (tls.isPresent()) {
          open("https", address, config.httpsPort(), tls);
        }
      }
    } catch (IOException e) {
      close();
      throw new UncheckedIOException(e);
    }
  }

  private void open(String scheme, String address, int port, Optional<SSLContext> context)
      throws IOException {
    InetSocketAddress wanted = new InetSocketAddress(address, port);
    bound.add(new Bound(scheme, ports.open(server.getWorker(), scheme, wanted, context)));
  }

  /** A port that is open. */
  private record Bound(String scheme, InetSocketAddress address) {}

  /** The bound addresses. */
  public List<InetSocketAddress> bound() {
    return bound.stream().map(Bound::address).toList();
  }

  /** The bound port of the first listener of a scheme. */
  public int port(String scheme) {
    return bound.stream()
        .filter(one -> one.scheme().equals(scheme))
        .map(one -> one.address().getPort())
        .findFirst()
        .orElseThrow();
  }

  /** One of the I/O threads, a different one each time; only after the start. */
  public Executor nextThread() {
    return server.getWorker().getIoThread(turn.getAndIncrement());
  }

  /** Makes the ids of this node's requests. */
  public Supplier<String> ids() {
    return ids;
  }

  /** Requests being answered. */
  public long openRequests() {
    return open.get();
  }

  /** Every response from now on ends its connection. */
  public void drain() {
    draining = true;
  }

  @Override
  public void close() {
    ports.close();
    server.stop();
  }

  private void receive(HttpServerExchange exchange) {
    if (open.get() >= config.maxRequests()) {
      refuse(exchange, 503, "The node answers as many requests as it may.");
      return;
    }
    Optional<RequestFlaw> flaw = RequestFilter.of(exchange).flatMap(RequestFilter::flaw);
    if (flaw.isPresent()) {
      refuse(exchange, flaw.get().status(), flaw.get().sentence());
      return;
    }
    Optional<String> http2Flaw = Http2Guard.flaw(exchange);
    if (http2Flaw.isPresent()) {
      refuse(exchange, 400, http2Flaw.get());
      return;
    }
    ClientPolicy.Client client =
        config
            .clients()
            .decide(
                exchange.getSourceAddress().getAddress(),
                new UndertowFields(exchange.getRequestHeaders()));
    client.scheme().ifPresent(exchange::setRequestScheme);
    switch (RequestGuard.check(exchange)) {
      case RequestGuard.Guarded.Refused(String sentence) -> refuse(exchange, 400, sentence);
      case RequestGuard.Guarded.Sound sound -> {
        if (draining) {
          exchange.setPersistent(false);
        }
        if (Probe.HOST.equals(exchange.getRequestHeaders().getFirst(Headers.HOST))) {
          // That it is answered here is all there is to say.
          exchange.setStatusCode(StatusCodes.NO_CONTENT).endExchange();
          return;
        }
        open.incrementAndGet();
        exchange.addExchangeCompleteListener(
            (completed, next) -> {
              open.decrementAndGet();
              next.proceed();
            });
        ConnectionOptions.takeOut(exchange.getRequestHeaders());
        RequestId id = id(exchange, client);
        exchange.dispatch(
            SameThreadExecutor.INSTANCE,
            () -> pipeline.accept(new UndertowExchange(exchange, sound, client, id)));
      }
    }
  }

  /** A trusted proxy's, where it gives one. */
  private RequestId id(HttpServerExchange exchange, ClientPolicy.Client client) {
    String given =
        client.isVouchedFor() ? exchange.getRequestHeaders().getFirst("X-Request-Id") : null;
    return Optional.ofNullable(given)
        .flatMap(RequestId::given)
        .orElseGet(() -> RequestId.from(ids));
  }

  private static void refuse(HttpServerExchange exchange, int status, String sentence) {
    exchange.setPersistent(false);
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
    if (!exchange.getProtocol().equals(Protocols.HTTP_2_0)) {
      exchange.getResponseHeaders().put(Headers.CONNECTION, "close");
    }
    byte[] body = (status + " " + sentence + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseSender().send(ByteBuffer.wrap(body));
  }
}
