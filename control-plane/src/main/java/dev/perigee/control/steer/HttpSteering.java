package dev.perigee.control.steer;

import dev.perigee.contract.HostName;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.UrlNormaliser;
import io.undertow.UndertowOptions;
import io.undertow.connector.ByteBufferPool;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.server.protocol.http.HttpOpenListener;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioExecutor;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * Steering for hosts that cannot use DNS: redirects to the nearest node, path and query kept byte
 * for byte. 302 for GET and HEAD, 307 for everything else, so that the method stays.
 */
public final class HttpSteering implements AutoCloseable {
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
  private final NearestSteering steering;
  private final String zone;
  private final ByteBufferPool buffers = new DefaultByteBufferPool(true, BUFFER_BYTES);
  private final HttpOpenListener parser = new HttpOpenListener(buffers, OPTIONS);
  private @Nullable XnioWorker worker;
  private @Nullable AcceptingChannel<StreamConnection> server;

  public HttpSteering(InetAddress address, int port, String zone, NearestSteering steering) {
    this.address = new InetSocketAddress(address, port);
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

  @Override
  public void close() {
    if (server != null) {
      server.suspendAccepts();
      IoUtils.safeClose(server);
    }
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
    SteeringSnapshot now = steering.snapshot();
    Optional<SiteConfig> site = now.siteOfHost(host.get()).or(() -> ofZone(now, host.get()));
    if (site.isEmpty()) {
      refuse(exchange, 421, "No site of this network has this host.");
      return;
    }
    InetAddress client = exchange.getSourceAddress().getAddress();
    Optional<Steering.Candidate> node =
        steering.explain(client, Optional.of(site.get().id())).chosen();
    if (node.isEmpty()) {
      refuse(exchange, 503, "No node serves this site.");
      return;
    }
    String authority = node.get().node() + "." + site.get().id() + "." + zone;
    int port = node.get().httpPort();
    String origin = "http://" + authority + (port == 80 ? "" : ":" + port);
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
