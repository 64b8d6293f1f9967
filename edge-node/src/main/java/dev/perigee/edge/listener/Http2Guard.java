package dev.perigee.edge.listener;

import dev.perigee.edge.transport.HttpSyntax;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http2.Http2ServerConnection;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Protocols;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What Undertow lets through over HTTP/2 and this node does not (RFC 9113, section 8): names and
 * values that would be something else in an HTTP/1.1 head, fields of a connection, a length that is
 * not the data's, and a scheme that is not the connection's.
 */
final class Http2Guard {
  private static final List<HttpString> OF_A_CONNECTION =
      List.of(
          Headers.CONNECTION,
          new HttpString("Keep-Alive"),
          new HttpString("Proxy-Connection"),
          Headers.TRANSFER_ENCODING,
          Headers.UPGRADE);

  /** Names that some origins take for those of a body's framing. */
  private static final List<HttpString> DISGUISES =
      List.of(new HttpString("content_length"), new HttpString("transfer_encoding"));

  private Http2Guard() {}

  /** What is wrong with a request over HTTP/2, a sentence; nothing with any other. */
  static Optional<String> flaw(HttpServerExchange exchange) {
    if (!exchange.getProtocol().equals(Protocols.HTTP_2_0)) {
      return Optional.empty();
    }
    HeaderMap headers = exchange.getRequestHeaders();
    boolean secure =
        exchange.getConnection() instanceof Http2ServerConnection connection
            && connection.getSslSession() != null;
    if (!exchange.getRequestScheme().equals(secure ? "https" : "http")) {
      return Optional.of("The scheme is not that of the connection.");
    }
    if (!isText(headers)) {
      return Optional.of("A field has octets that none has.");
    }
    if (OF_A_CONNECTION.stream().anyMatch(headers::contains)) {
      return Optional.of("A field of a connection has no place in HTTP/2.");
    }
    if (DISGUISES.stream().anyMatch(headers::contains)) {
      return Optional.of(RequestFlaw.DISGUISE.sentence());
    }
    return isFramed(exchange, headers.get(Headers.CONTENT_LENGTH))
        ? Optional.empty()
        : Optional.of(RequestFlaw.LENGTH.sentence());
  }

  private static boolean isText(HeaderMap headers) {
    for (HeaderValues values : headers) {
      HttpString name = values.getHeaderName();
      for (int i = 0; i < name.length(); i++) {
        if (!HttpSyntax.isToken(name.byteAt(i))) {
          return false;
        }
      }
      for (String value : values) {
        for (int i = 0; i < value.length(); i++) {
          if (!HttpSyntax.isText(value.charAt(i))) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private static boolean isFramed(HttpServerExchange exchange, @Nullable HeaderValues lengths) {
    if (lengths == null) {
      return true;
    }
    String length = lengths.getFirst();
    boolean number = lengths.size() == 1 && length.chars().allMatch(c -> c >= '0' && c <= '9');
    return number && (!exchange.isRequestComplete() || length.chars().allMatch(c -> c == '0'));
  }
}
