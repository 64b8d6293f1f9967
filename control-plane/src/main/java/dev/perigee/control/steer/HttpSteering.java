package dev.perigee.control.steer;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.HostName;
import dev.perigee.contract.Rendezvous;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.UrlNormaliser;
import dev.perigee.control.steer.NearestSteering.Best;
import dev.perigee.control.store.Node;
import dev.perigee.control.tls.ChallengeAnswers;
import dev.perigee.control.tls.ServerTls;
import io.undertow.UndertowOptions;
import io.undertow.connector.ByteBufferPool;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.server.protocol.http.HttpOpenListener;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.Sequence;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioExecutor;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;
import org.xnio.conduits.ConduitStreamSourceChannel;
import org.xnio.ssl.SslConnection;

/**
 * Steering for hosts that cannot use DNS: redirects to the nearest node, path and query kept byte
 * for byte. 302 for GET and HEAD, 307 for everything else, so that the method stays. Which of a
 * place's nodes it is depends on the URL, so that each holds its own part of a site.
 */
public final class HttpSteering implements AutoCloseable {
  private static final String PLAYERS = "/steer";
  private static final HttpString ANY_ORIGIN = new HttpString("Access-Control-Allow-Origin");
  private static final int BACKLOG = 1_000;
  private static final int BUFFER_BYTES = 16 * 1024;
  private static final int PATIENCE_MILLIS = 30_000;

  /** Whoever wants to send more asks first (Expect: 100-continue). */
  private static final long BODY_BYTES = 16 * 1024 * 1024;

  private static final OptionMap OPTIONS =
      OptionMap.builder()
          .set(UndertowOptions.DECODE_URL, false)
          .set(UndertowOptions.MAX_HEADER_SIZE, 16 * 1024)
          .set(UndertowOptions.MAX_ENTITY_SIZE, BODY_BYTES)
          .set(UndertowOptions.NO_REQUEST_TIMEOUT, PATIENCE_MILLIS)
          .set(UndertowOptions.REQUEST_PARSE_TIMEOUT, 10_000)
          .getMap();

  private final InetSocketAddress address;
  private final Optional<Secure> secure;
  private final ChallengeAnswers challenges;
  private final NearestSteering steering;
  private final String zone;
  private final LongAdder steered = new LongAdder();
  private final LongAdder fallback = new LongAdder();
  private final LongAdder nowhere = new LongAdder();
  private final ByteBufferPool buffers = new DefaultByteBufferPool(true, BUFFER_BYTES);
  private final HttpOpenListener parser = new HttpOpenListener(buffers, OPTIONS);
  private @Nullable XnioWorker worker;
  private @Nullable AcceptingChannel<StreamConnection> server;
  private @Nullable AcceptingChannel<SslConnection> secureServer;

  /**
   * The port for https URLs.
   *
   * @param port 0 picks a free one
   */
  public record Secure(int port, ServerTls tls) {}

  /** One that is not started, and answers http URLs alone. */
  public HttpSteering(InetAddress address, int port, String zone, NearestSteering steering) {
    this(address, port, Optional.empty(), ChallengeAnswers.NONE, zone, steering);
  }

  /**
   * One that is not started.
   *
   * @param challenges what authorities are answered for hosts of steering's own
   */
  public HttpSteering(
      InetAddress address,
      int port,
      Optional<Secure> secure,
      ChallengeAnswers challenges,
      String zone,
      NearestSteering steering) {
    this.address = new InetSocketAddress(address, port);
    this.secure = secure;
    this.challenges = challenges;
    this.steering = steering;
    this.zone = zone;
    parser.setRootHandler(this::answer);
  }

  /** Binds and answers. */
  public void start() throws IOException {
    OptionMap threads =
        OptionMap.builder()
            .set(Options.WORKER_NAME, "steer")
            .set(Options.WORKER_IO_THREADS, 1)
            .set(Options.WORKER_TASK_CORE_THREADS, 1)
            .set(Options.WORKER_TASK_MAX_THREADS, 1)
            .getMap();
    OptionMap sockets =
        OptionMap.builder()
            .set(Options.TCP_NODELAY, true)
            .set(Options.REUSE_ADDRESSES, true)
            .set(Options.BACKLOG, BACKLOG)
            .set(Options.WRITE_TIMEOUT, PATIENCE_MILLIS)
            .getMap();
    XnioWorker made = Xnio.getInstance().createWorker(threads);
    worker = made;
    server =
        made.createStreamConnectionServer(
            address, ChannelListeners.openListenerAdapter(this::opened), sockets);
    server.resumeAccepts();
    if (secure.isPresent()) {
      startSecure(made, secure.get(), sockets);
    }
  }

  private void startSecure(XnioWorker made, Secure own, OptionMap sockets) throws IOException {
    OptionMap options =
        OptionMap.builder()
            .addAll(sockets)
            .set(Options.SSL_ENABLED_PROTOCOLS, Sequence.of(ServerTls.PROTOCOLS))
            .set(Options.SSL_ENABLED_CIPHER_SUITES, Sequence.of(ServerTls.CIPHER_SUITES))
            .getMap();
    UndertowXnioSsl ssl = new UndertowXnioSsl(Xnio.getInstance(), options, own.tls().context());
    own.tls().follow(ssl::updateSSLContext);
    secureServer =
        ssl.createSslConnectionServer(
            made,
            new InetSocketAddress(address.getAddress(), own.port()),
            ChannelListeners.openListenerAdapter(this::opened),
            options);
    secureServer.resumeAccepts();
  }

  private void opened(StreamConnection connection) {
    ConduitStreamSourceChannel source = connection.getSourceChannel();
    source.setConduit(new RequestLines(source.getConduit()));
    parser.handleEvent(connection);
  }

  /** Where it listens; not before the start. */
  public int port() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server.getLocalAddress(InetSocketAddress.class).getPort();
  }

  /** Where it answers https URLs, if it does; not before the start. */
  public OptionalInt securePort() {
    return secureServer == null
        ? OptionalInt.empty()
        : OptionalInt.of(secureServer.getLocalAddress(InetSocketAddress.class).getPort());
  }

  @Override
  public void close() {
    IoUtils.safeClose(server);
    IoUtils.safeClose(secureServer);
    parser.closeConnections();
    if (worker != null) {
      worker.shutdownNow();
    }
    buffers.close();
  }

  private void answer(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    if (exchange.isRequestComplete()) {
      steer(exchange);
      return;
    }
    // Nobody hears where a body ends and the next request begins.
    exchange.setPersistent(false);
    if (HttpContinue.requiresContinueResponse(exchange)) {
      steer(exchange);
    } else {
      steerAfterBody(exchange);
    }
  }

  /** An answer before the end of the body may be lost with the connection's reset. */
  private void steerAfterBody(HttpServerExchange exchange) {
    XnioExecutor.Key deadline =
        exchange
            .getIoThread()
            .executeAfter(
                () -> IoUtils.safeClose(exchange.getConnection()),
                PATIENCE_MILLIS,
                TimeUnit.MILLISECONDS);
    exchange
        .getRequestReceiver()
        .receivePartialBytes(
            (read, bytes, last) -> {
              if (last) {
                deadline.remove();
                steer(read);
              }
            },
            (read, problem) -> {
              deadline.remove();
              IoUtils.safeClose(read.getConnection());
            });
  }

  private void steer(HttpServerExchange exchange) {
    Optional<String> target =
        target(exchange).filter(text -> UrlNormaliser.target(text).isPresent());
    Optional<String> host = HostName.normalise(exchange.getHostName());
    if (host.isEmpty() || target.isEmpty()) {
      refuse(exchange, 400, "This is no host or no path.");
      return;
    }
    Optional<String> proof = challenges.answer(host.get(), exchange.getRequestPath());
    if (proof.isPresent()) {
      exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/octet-stream");
      exchange.getResponseSender().send(proof.get());
      return;
    }
    SteeringSnapshot now = steering.snapshot();
    Optional<SiteConfig> site = now.siteOfHost(host.get()).or(() -> ofZone(now, host.get()));
    if (site.isEmpty() && isForPlayers(exchange, host.get())) {
      list(exchange, now);
      return;
    }
    if (site.isEmpty()) {
      refuse(exchange, 421, "No site of this network has this host.");
      return;
    }
    String url = UrlNormaliser.target(target.get()).orElseThrow();
    // The steered names are keyed by the site's first host.
    String keyed = site.get().answersFor(host.get()) ? host.get() : primary(site.get());
    long key = Rendezvous.key(site.get().id(), keyed, url);
    byte[] client = exchange.getSourceAddress().getAddress().getAddress();
    Choice chosen = steering.choose(client, Byte.SIZE * client.length, site.get(), key);
    (chosen.count() == 0 ? nowhere : chosen.isFallback() ? fallback : steered).increment();
    if (chosen.count() == 0) {
      refuse(exchange, 503, "No node serves this site.");
      return;
    }
    String origin = url(exchange.isSecure(), chosen.node(0), site.get());
    String method = exchange.getRequestMethod().toString();
    exchange.setStatusCode(method.equals("GET") || method.equals("HEAD") ? 302 : 307);
    exchange.getResponseHeaders().put(Headers.LOCATION, origin + target.get());
    exchange.endExchange();
  }

  /** Path and query as sent; of an absolute form what follows the authority (RFC 9112, 3.2.2). */
  private static Optional<String> target(HttpServerExchange exchange) {
    if (!(exchange.getConnection() instanceof HttpServerConnection connection)
        || !(connection.getOriginalSourceConduit() instanceof RequestLines lines)) {
      return Optional.empty();
    }
    String parsed = exchange.getRequestURI();
    // The parser and the ear must have heard the same.
    Optional<String> sent =
        lines
            .poll()
            .flatMap(line -> RequestLines.target(line, exchange.getRequestMethod().toString()))
            .filter(text -> parsed.equals(withoutQuery(text)));
    if (!exchange.isHostIncludedInRequestURI()) {
      return sent;
    }
    return sent.map(
        text -> {
          int slash = parsed.indexOf('/', parsed.indexOf("://") + 3);
          int end = slash < 0 ? parsed.length() : slash;
          return slash < 0 ? "/" + text.substring(end) : text.substring(end);
        });
  }

  private static String withoutQuery(String target) {
    int mark = target.indexOf('?');
    return mark < 0 ? target : target.substring(0, mark);
  }

  /** Redirects to the best of healthy nodes. */
  public long steered() {
    return steered.sum();
  }

  /** Redirects to a node that is not healthy, or elsewhere than was wished. */
  public long fallback() {
    return fallback.sum();
  }

  /** Requests for a site that no node served. */
  public long nowhere() {
    return nowhere.sum();
  }

  private static String primary(SiteConfig site) {
    return site.primaryHost().orElse("");
  }

  /** Of the scheme that was asked: a page that came over TLS may not be sent on without. */
  private String url(boolean secured, Node node, SiteConfig site) {
    String name = node.name() + "." + site.id() + "." + zone;
    int port = secured ? node.httpsPort() : node.httpPort();
    String scheme = secured ? "https://" : "http://";
    return scheme + name + (port == (secured ? 443 : 80) ? "" : ":" + port);
  }

  /** {@code /steer} of the zone itself or of the server's own address: no site has such a host. */
  private boolean isForPlayers(HttpServerExchange exchange, String host) {
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return exchange.getRequestPath().equals(PLAYERS)
        && (host.equals(zone) || AddressRange.address(bare).isPresent());
  }

  /** The best nodes for the caller, as JSON: a player goes on to the next where one fails. */
  private void list(HttpServerExchange exchange, SteeringSnapshot now) {
    Deque<String> asked = exchange.getQueryParameters().get("site");
    String name = asked == null ? "" : asked.getFirst();
    Optional<SiteConfig> site =
        now.site(name).or(() -> HostName.normalise(name).flatMap(now::siteOfHost));
    if (site.isEmpty()) {
      refuse(exchange, 404, "No such site: ask for /steer?site=ID or /steer?site=HOST.");
      return;
    }
    List<Best> best = steering.best(exchange.getSourceAddress().getAddress(), site.get());
    StringJoiner nodes = new StringJoiner(",", "{\"nodes\":[", "]}\n");
    for (Best one : best) {
      // Names are DNS labels: nothing in them is to be escaped.
      nodes.add(
          "{\"node\":\"%s\",\"url\":\"%s\",\"weight\":%d}"
              .formatted(
                  one.node().name(),
                  url(exchange.isSecure(), one.node(), site.get()),
                  one.weight()));
    }
    exchange.setStatusCode(best.isEmpty() ? 503 : 200);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    // A page of any site may ask: the answer says nothing but where nodes are.
    exchange.getResponseHeaders().put(ANY_ORIGIN, "*");
    exchange.getResponseSender().send(nodes.toString());
  }

  private Optional<SiteConfig> ofZone(SteeringSnapshot now, String host) {
    String suffix = "." + zone;
    return host.endsWith(suffix)
        ? now.site(host.substring(0, host.length() - suffix.length()))
        : Optional.empty();
  }

  private static void refuse(HttpServerExchange exchange, int status, String sentence) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
    exchange.getResponseSender().send(status + " " + sentence + "\n");
  }
}
