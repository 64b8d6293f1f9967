package dev.perigee.control.steer;

import dev.perigee.contract.HostName;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.UrlNormaliser;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Steering for hosts that cannot use DNS: redirects to the nearest node, path and query kept byte
 * for byte. 302 for GET and HEAD, 307 for everything else, so that the method stays.
 */
public final class HttpSteering implements AutoCloseable {
  private final NearestSteering steering;
  private final String zone;
  private final Undertow server;

  public HttpSteering(InetAddress address, int port, String zone, NearestSteering steering) {
    this.steering = steering;
    this.zone = zone;
    this.server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(1)
            .setServerOption(UndertowOptions.DECODE_URL, false)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, 16 * 1024)
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, 30_000)
            .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, 10_000)
            .addHttpListener(port, address.getHostAddress())
            .setHandler(this::answer)
            .build();
  }

  /** Binds and answers. */
  public void start() {
    server.start();
  }

  public int port() {
    return ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
  }

  @Override
  public void close() {
    server.stop();
  }

  private void answer(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    String target = target(exchange);
    Optional<String> host = HostName.normalise(exchange.getHostName());
    if (host.isEmpty() || UrlNormaliser.target(target).isEmpty()) {
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
    exchange.getResponseHeaders().put(Headers.LOCATION, origin + target);
    exchange.endExchange();
  }

  /** Path and query as sent; of an absolute form what follows the authority (RFC 9112, 3.2.2). */
  private static String target(HttpServerExchange exchange) {
    String path = exchange.getRequestURI();
    if (exchange.isHostIncludedInRequestURI()) {
      int slash = path.indexOf('/', path.indexOf("://") + 3);
      path = slash < 0 ? "/" : path.substring(slash);
    }
    String query = exchange.getQueryString();
    return query.isEmpty() ? path : path + "?" + query;
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
