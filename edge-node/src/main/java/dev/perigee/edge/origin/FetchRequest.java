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
  /** Whether sending it twice does the same as once (RFC 9110, section 9.2.2). */
  boolean isIdempotent() {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "PUT", "DELETE" -> true;
      default -> false;
    };
  }
}
