package dev.perigee.edge.listener;

import dev.perigee.edge.listener.tls.AskedReader;
import dev.perigee.edge.request.Arrival;
import dev.perigee.edge.request.ClientCert;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.SSLSessionInfo;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLSession;

/**
 * What is known of the certificate of who is at the other end of a reader's connection, in place of
 * what a request says of it.
 */
final class ReaderCertificates {
  private static final HttpString FIELD = new HttpString(ClientCert.FIELD);
  private static final HttpString CHAIN = new HttpString(ClientCert.CHAIN);
  private static final AttachmentKey<Known> KNOWN = AttachmentKey.create(Known.class);
  private static final Known PLAIN = new Known(Optional.empty(), Arrival.PLAIN);

  private ReaderCertificates() {}

  /**
   * What does not change while a connection lasts.
   *
   * @param asked its reader, where one was asked for a certificate
   */
  private record Known(Optional<AskedReader> asked, Arrival otherwise) {}

  /**
   * Drops what the request says of a certificate, says what is true, and tells how it came. To be
   * called when a reader can take no field out any more.
   */
  static Arrival take(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    drop(headers);
    Known known = known(exchange);
    if (known.asked().isEmpty()) {
      return known.otherwise();
    }
    AskedReader reader = known.asked().get();
    Optional<String> value = reader.clientCert();
    value.ifPresent(text -> headers.put(FIELD, text));
    return new Arrival.Secure(Optional.of(reader.terms()), value.isPresent(), "");
  }

  /** Drops what a request says of a certificate. */
  static void drop(HeaderMap headers) {
    headers.remove(FIELD);
    headers.remove(CHAIN);
  }

  /** What a node says of its reader's certificate, in the one line that there may be. */
  static Optional<String> said(HeaderMap headers) {
    return headers.count(FIELD) == 1
        ? Optional.ofNullable(headers.getFirst(FIELD))
        : Optional.empty();
  }

  private static Known known(HttpServerExchange exchange) {
    Known before = exchange.getConnection().getAttachment(KNOWN);
    if (before != null) {
      return before;
    }
    SSLSessionInfo tls = exchange.getConnection().getSslSessionInfo();
    Known now = tls == null ? PLAIN : known(tls.getSSLSession());
    exchange.getConnection().putAttachment(KNOWN, now);
    return now;
  }

  private static Known known(SSLSession session) {
    Optional<AskedReader> asked = AskedReader.of(session);
    return new Known(asked, new Arrival.Secure(Optional.empty(), false, serverName(session)));
  }

  private static String serverName(SSLSession session) {
    return session instanceof ExtendedSSLSession extended
        ? extended.getRequestedServerNames().stream()
            .filter(SNIHostName.class::isInstance)
            .map(name -> ((SNIHostName) name).getAsciiName().toLowerCase(Locale.ROOT))
            .findFirst()
            .orElse("")
        : "";
  }
}
