package dev.perigee.edge.listener;

import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.RequestIds;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.HttpContinueReadHandler;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.xnio.Options;

/**
 * The node's readers' side: HTTP and HTTPS on every address, each request checked by the guard and
 * handed to the pipeline on its I/O thread.
 */
public final class EdgeListener implements AutoCloseable {
  /** Bodies stream and are never held whole, so their size is the origin's affair. */
  private static final long NO_LIMIT = -1;

  private final ListenerConfig config;
  private final Consumer<Exchange> pipeline;
  private final Undertow server;
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
    int threads =
        config.ioThreads() > 0 ? config.ioThreads() : Runtime.getRuntime().availableProcessors();
    Undertow.Builder builder =
        Undertow.builder()
            .setIoThreads(threads)
            .setWorkerThreads(1)
            .setWorkerOption(Options.WORKER_NAME, "edge")
            .setSocketOption(Options.BACKLOG, 4096)
            .setSocketOption(Options.REUSE_ADDRESSES, true)
            .setSocketOption(Options.TCP_NODELAY, true)
            .setHandler(new HttpContinueReadHandler(this::receive));
    limits(builder);
    for (String address : config.addresses()) {
      if (config.httpPort() >= 0) {
        builder.addHttpListener(config.httpPort(), address);
      }
      tls.ifPresent(context -> builder.addHttpsListener(config.httpsPort(), address, context));
    }
    server = builder.build();
  }

  private void limits(Undertow.Builder builder) {
    builder
        .setServerOption(UndertowOptions.MAX_HEADER_SIZE, config.maxHeaderBytes())
        .setServerOption(UndertowOptions.MAX_HEADERS, config.maxHeaders())
        .setServerOption(UndertowOptions.MAX_PARAMETERS, 10_000)
        .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, NO_LIMIT)
        .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, millis(config.headTimeout()))
        .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, millis(config.idleTimeout()))
        .setServerOption(UndertowOptions.IDLE_TIMEOUT, millis(config.idleTimeout()))
        .setServerOption(UndertowOptions.DECODE_URL, false)
        .setServerOption(UndertowOptions.ALWAYS_SET_DATE, true)
        .setServerOption(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
        .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
        .setServerOption(UndertowOptions.ALLOW_UNESCAPED_CHARACTERS_IN_URL, false)
        .setSocketOption(Options.CONNECTION_HIGH_WATER, config.maxConnections())
        .setSocketOption(Options.CONNECTION_LOW_WATER, config.maxConnections())
        .setSocketOption(Options.READ_TIMEOUT, millis(config.idleTimeout()))
        .setSocketOption(Options.WRITE_TIMEOUT, millis(config.idleTimeout()));
  }

  private static int millis(java.time.Duration duration) {
    return (int) duration.toMillis();
  }

  /** Binds and accepts; throws {@link RuntimeException} around a BindException when it cannot. */
  public void start() {
    server.start();
  }

  /** The bound addresses, HTTP before HTTPS for each address. */
  public List<InetSocketAddress> bound() {
    return server.getListenerInfo().stream()
        .map(info -> (InetSocketAddress) info.getAddress())
        .toList();
  }

  /** The bound port of the first listener of a scheme. */
  public int port(String scheme) {
    return server.getListenerInfo().stream()
        .filter(info -> info.getProtcol().equals(scheme))
        .map(info -> ((InetSocketAddress) info.getAddress()).getPort())
        .findFirst()
        .orElseThrow();
  }

  /** One of the I/O threads, a different one each time; only after the start. */
  public Executor nextThread() {
    return server.getWorker().getIoThread(turn.getAndIncrement());
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
    server.stop();
  }

  private void receive(HttpServerExchange exchange) {
    if (open.get() >= config.maxRequests()) {
      refuse(exchange, 503, "The node answers as many requests as it may.");
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
    exchange.getResponseHeaders().put(Headers.CONNECTION, "close");
    byte[] body = (status + " " + sentence + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseSender().send(ByteBuffer.wrap(body));
  }
}
