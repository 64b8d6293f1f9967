package dev.perigee.edge.listener;

import dev.perigee.contract.HostName;
import dev.perigee.contract.UrlNormaliser;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.Protocols;
import java.util.Optional;

/**
 * What Undertow lets through and this node does not: everything that two parsers in a row could
 * read differently (RFC 9112, sections 3.2, 6.1 and 11.2).
 */
final class RequestGuard {
  private RequestGuard() {}

  /** The parts of a request that the node goes by, or why it is refused. */
  sealed interface Guarded {
    /**
     * Sound.
     *
     * @param host normalised
     * @param port of the authority, or the scheme's own
     * @param target normalised path and query
     */
    record Sound(String host, int port, String target) implements Guarded {}

    record Refused(String sentence) implements Guarded {}
  }

  static Guarded check(HttpServerExchange exchange) {
    Optional<String> framing = framing(exchange);
    if (framing.isPresent()) {
      return new Guarded.Refused(framing.get());
    }
    HeaderValues hosts = exchange.getRequestHeaders().get(Headers.HOST);
    boolean http2 = exchange.getProtocol().equals(Protocols.HTTP_2_0);
    if (hosts == null || hosts.size() != 1) {
      return new Guarded.Refused("A request has exactly one Host.");
    }
    String authority = hosts.getFirst();
    int port = exchange.getRequestScheme().equals("https") ? 443 : 80;
    int colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(':');
    if (colon >= 0) {
      port = port(authority.substring(colon + 1));
      authority = authority.substring(0, colon);
    }
    Optional<String> host = HostName.normalise(authority);
    if (host.isEmpty() || port < 1) {
      return new Guarded.Refused("Host is no host.");
    }
    if (!http2 && exchange.isHostIncludedInRequestURI() && !sameAuthority(exchange, hosts)) {
      return new Guarded.Refused("The target's scheme or authority is not that of the request.");
    }
    return target(exchange, host.get(), port);
  }

  private static Guarded target(HttpServerExchange exchange, String host, int port) {
    String uri = exchange.getRequestURI();
    if (exchange.isHostIncludedInRequestURI()) {
      int slash = uri.indexOf('/', uri.indexOf("://") + 3);
      uri = slash < 0 ? "/" : uri.substring(slash);
    }
    if (uri.equals("*") && exchange.getRequestMethod().equalToString("OPTIONS")) {
      uri = "/";
    }
    if (!uri.startsWith("/")) {
      return new Guarded.Refused("The target is no path.");
    }
    String query = exchange.getQueryString();
    String target = query.isEmpty() ? uri : uri + "?" + query;
    Optional<String> normal = UrlNormaliser.target(target);
    return normal.isPresent()
        ? new Guarded.Sound(host, port, normal.get())
        : new Guarded.Refused("The target is ambiguous or too long.");
  }

  private static Optional<String> framing(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    HeaderValues encodings = headers.get(Headers.TRANSFER_ENCODING);
    boolean http11 = exchange.getProtocol().equals(Protocols.HTTP_1_1);
    boolean http2 = exchange.getProtocol().equals(Protocols.HTTP_2_0);
    boolean http10 = exchange.getProtocol().equals(Protocols.HTTP_1_0);
    if (!http11 && !http2 && !http10) {
      return Optional.of("This node speaks HTTP/1.0, HTTP/1.1 and HTTP/2.");
    }
    if (encodings == null) {
      return Optional.empty();
    }
    boolean chunked = encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked");
    if (!http11 || !chunked || headers.contains(Headers.CONTENT_LENGTH)) {
      return Optional.of("Transfer-Encoding is chunked or absent, and never beside a length.");
    }
    return Optional.empty();
  }

  private static boolean sameAuthority(HttpServerExchange exchange, HeaderValues hosts) {
    String uri = exchange.getRequestURI();
    String scheme = exchange.getRequestScheme() + "://";
    int start = scheme.length();
    if (!uri.regionMatches(true, 0, scheme, 0, start)) {
      return false;
    }
    int slash = uri.indexOf('/', start);
    String authority = slash < 0 ? uri.substring(start) : uri.substring(start, slash);
    return authority.equalsIgnoreCase(hosts.getFirst());
  }

  private static int port(String text) {
    boolean digits =
        !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    int port = digits ? Integer.parseInt(text) : -1;
    return port <= 65535 ? port : -1;
  }
}
