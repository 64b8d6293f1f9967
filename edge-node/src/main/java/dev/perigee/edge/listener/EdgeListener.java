package dev.perigee.edge.listener;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.Probe;
import dev.perigee.edge.request.Arrival;
import dev.perigee.edge.request.Bandwidth;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.RequestIds;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.HttpContinueReadHandler;
import io.undertow.util.AttachmentKey;
import io.undertow.util.Headers;
import io.undertow.util.Protocols;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
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
  private static final AttachmentKey<Visitor> VISITOR = AttachmentKey.create(Visitor.class);
  private static final AttachmentKey<ClientPolicy.Client> CLIENT =
      AttachmentKey.create(ClientPolicy.Client.class);
  private static final Optional<Visitor.Asked> UNCOUNTED =
      Optional.of(new Visitor.Asked(new Visitor(Optional.empty()), () -> {}));

  private final ListenerConfig config;
  private final Consumer<Exchange> pipeline;
  private final Optional<SSLContext> tls;
  private final Undertow server;
  private final ReaderPorts ports;
  private final List<Bound> bound = new CopyOnWriteArrayList<>();
  private final RequestIds ids;
  private final AtomicLong open = new AtomicLong();
  private final AtomicInteger turn = new AtomicInteger();
  private final DoorCounts counts = new DoorCounts();
  private final VisitorTable visitors;
  private final Paces paces;
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
    DoorLimits door = config.door();
    this.visitors =
        new VisitorTable(
            door.ipv4Bits(), door.ipv6Bits(), () -> new Visitor(bandwidth(door)), this::later);
    this.paces = new Paces(door.bodyPace(), door.readerPace(), counts);
    this.ports =
        new ReaderPorts(
            config.clients(),
            new Entrance(config.clients(), visitors, door.addressConnections(), counts),
            door,
            new RequestFilter.Bounds(
                config.maxHeaderBytes(), config.maxHeaders(), config.headTimeout().toMillis()),
            handler,
            options,
            config.idleTimeout());
    server = options.builder(config, "edge").build();
  }

  private static Optional<Bandwidth> bandwidth(DoorLimits door) {
    long rate = door.addressBytesPerSecond();
    return rate == 0 ? Optional.empty() : Optional.of(new Bandwidth(rate, System::nanoTime));
  }

  private void later(Runnable task, long nanos) {
    try {
      server.getWorker().getIoThread().executeAfter(task, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      task.run(); // the node stops, and what is to follow must not be lost with the timer
    }
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
      UnsentLimit.set(config.door().unsentBytes());
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

  /** How often the door did something for a reason. */
  public long refused(DoorReason reason) {
    return counts.of(reason);
  }

  /** TLS handshakes under way. */
  public int handshakes() {
    return ports.handshakes();
  }

  /** Addresses that have connections or requests open. */
  public int visitors() {
    return visitors.size();
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
    boolean isHttp2 = exchange.getProtocol().equals(Protocols.HTTP_2_0);
    if (isHttp2 && !mayHaveStream(exchange)) {
      refuse(exchange, 503, DoorReason.HTTP2_STREAMS.sentence());
      return;
    }
    if (open.get() >= config.maxRequests()) {
      counts.count(DoorReason.NODE_REQUESTS);
      refuse(exchange, 503, DoorReason.NODE_REQUESTS.sentence());
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
    ClientPolicy.Client client = client(exchange);
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
        Optional<Visitor.Asked> asked = visit(exchange, client);
        if (asked.isEmpty()) {
          counts.count(DoorReason.ADDRESS_REQUESTS);
          exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "1");
          refuse(exchange, 429, DoorReason.ADDRESS_REQUESTS.sentence());
          return;
        }
        Runnable answered = asked.get().answered();
        open.incrementAndGet();
        exchange.addExchangeCompleteListener(
            (completed, next) -> {
              open.decrementAndGet();
              answered.run();
              next.proceed();
            });
        ConnectionOptions.takeOut(exchange.getRequestHeaders());
        Arrival arrival = ReaderCertificates.take(exchange);
        Exchange one =
            new UndertowExchange(exchange, sound, client, id(exchange, client), arrival, paces)
                .pacedBy(asked.get().by());
        exchange.dispatch(SameThreadExecutor.INSTANCE, () -> pipeline.accept(one));
      }
    }
  }

  /** Whose request it is; of a connection that nobody vouches for it is known from the first on. */
  private ClientPolicy.Client client(HttpServerExchange exchange) {
    ClientPolicy.Client known = exchange.getConnection().getAttachment(CLIENT);
    if (known != null) {
      return known;
    }
    ClientPolicy.Client client =
        config
            .clients()
            .decide(
                exchange.getSourceAddress().getAddress(),
                new UndertowFields(exchange.getRequestHeaders()));
    if (!client.isVouchedFor()) {
      exchange.getConnection().putAttachment(CLIENT, client);
    }
    return client;
  }

  /** Undertow tells clients how many streams they may have, and takes any number. */
  private boolean mayHaveStream(HttpServerExchange exchange) {
    Optional<FrameDoor> frames = FrameDoor.of(exchange);
    if (frames.isEmpty()) {
      return true;
    }
    boolean may = frames.get().begin();
    exchange.addExchangeCompleteListener(
        (completed, next) -> {
          frames.get().answered();
          next.proceed();
        });
    return may;
  }

  /**
   * Counts the request as one of its client's address.
   *
   * @return empty where the address may have no further one
   */
  private Optional<Visitor.Asked> visit(HttpServerExchange exchange, ClientPolicy.Client client) {
    int most = config.door().addressRequests();
    if (!client.isVouchedFor()) {
      Visitor visitor = visitor(exchange);
      return visitor.ask(most) ? visitor.asked() : Optional.empty();
    }
    Optional<InetAddress> address = AddressRange.address(client.address());
    if (address.isEmpty() || config.clients().trusts(address.get())) {
      return UNCOUNTED;
    }
    VisitorTable.Visit visit = visitors.enter(address.get());
    if (!visit.visitor().ask(most)) {
      visit.end().run();
      return Optional.empty();
    }
    Runnable answered =
        () -> {
          visit.visitor().asked().ifPresent(of -> of.answered().run());
          visit.end().run();
        };
    return Optional.of(new Visitor.Asked(visit.visitor(), answered));
  }

  /** Whose connection it is; looked up once, and known for as long as that is open. */
  private Visitor visitor(HttpServerExchange exchange) {
    Visitor known = exchange.getConnection().getAttachment(VISITOR);
    if (known == null) {
      known =
          visitors
              .find(exchange.getSourceAddress().getAddress())
              .orElseGet(() -> new Visitor(Optional.empty()));
      exchange.getConnection().putAttachment(VISITOR, known);
    }
    return known;
  }

  /** A trusted proxy's, where it gives one. */
  private RequestId id(HttpServerExchange exchange, ClientPolicy.Client client) {
    String given =
        client.isVouchedFor() ? exchange.getRequestHeaders().getFirst("X-Request-Id") : null;
    if (given == null) {
      return RequestId.from(ids);
    }
    return RequestId.given(given).orElseGet(() -> RequestId.from(ids));
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
