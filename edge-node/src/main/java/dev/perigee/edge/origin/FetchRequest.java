package dev.perigee.edge.origin;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What to ask an origin.
 *
 * @param site whose servers are asked
 * @param client the reader's address
 * @param method as it goes out
 * @param target path and query
 * @param fields every header field that goes out, Host included
 * @param body the request's body; empty for none
 * @param interim told of interim responses
 */
public record FetchRequest(
    SiteConfig site,
    String client,
    String method,
    String target,
    FieldList fields,
    Optional<BodySource> body,
    Consumer<InterimHead> interim) {
  /** As it goes to a server that is called by another name, where the pool has one for it. */
  FetchRequest withHost(String host) {
    return host.isEmpty()
        ? this
        : new FetchRequest(
            site,
            client,
            method,
            target,
            fields.toBuilder().set("Host", host).build(),
            body,
            interim);
  }

  /** Whether sending it twice does the same as once (RFC 9110, section 9.2.2). */
  boolean isIdempotent() {
    return isIdempotent(method);
  }

  static boolean isIdempotent(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "PUT", "DELETE" -> true;
      default -> false;
    };
  }

  /** Whether it asks for another protocol on its connection (RFC 9110, section 7.8). */
  boolean asksToSwitch() {
    return !upgrade().isEmpty();
  }

  /** The protocol that it asks for; empty for none. */
  String upgrade() {
    return fields.first("Upgrade").orElse("");
  }

  /** Whether its body waits for 100 (RFC 9110, section 10.1.1). */
  boolean expectsContinue() {
    return body.isPresent()
        && fields
            .first("Expect")
            .filter(value -> value.equalsIgnoreCase("100-continue"))
            .isPresent();
  }
}
