package dev.perigee.edge.origin;

import dev.perigee.contract.OriginPool;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.PeerTier;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What to ask another node, whichever it is.
 *
 * @param tier as what it is asked
 * @param origin the pool that it may have to ask
 * @param client the reader's address
 * @param method as it goes out
 * @param target path and query
 * @param fields every header field that goes out, Host included
 * @param body the request's body; empty for none
 * @param interim told of interim responses
 */
public record PeerRequest(
    PeerTier tier,
    OriginPool origin,
    String client,
    String method,
    String target,
    FieldList fields,
    Optional<BodySource> body,
    Consumer<InterimHead> interim) {
  /**
   * As it goes out.
   *
   * @param peer the node as a site
   */
  FetchRequest to(SiteConfig peer) {
    return new FetchRequest(peer, client, method, target, fields, body, interim);
  }

  /** Whether it can be sent again: idempotent, and no body was taken from the client. */
  boolean isRepeatable() {
    return FetchRequest.isIdempotent(method) && body.isEmpty();
  }
}
