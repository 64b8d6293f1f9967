package dev.perigee.edge.origin;

import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What to ask another node, whichever it is.
 *
 * @param client the reader's address
 * @param method as it goes out
 * @param target path and query
 * @param fields every header field that goes out, Host included
 * @param body the request's body; empty for none
 * @param interim told of interim responses
 */
public record PeerRequest(
    String client,
    String method,
    String target,
    FieldList fields,
    Optional<BodySource> body,
    Consumer<InterimHead> interim) {
  /** As it goes to this node: by none of the settings of a site. */
  FetchRequest to(PeerConfig peer) {
    return new FetchRequest(
        servers(peer), OriginTransport.DEFAULT, client, method, target, fields, body, interim);
  }

  /** Whether it can be sent again: idempotent, and no body was taken from the client. */
  boolean isRepeatable() {
    return FetchRequest.isIdempotent(method) && body.isEmpty();
  }

  private static List<OriginUrl> servers(PeerConfig peer) {
    return peer.addresses().stream()
        .map(address -> address.indexOf(':') >= 0 ? "[" + address + "]" : address)
        .map(host -> new OriginUrl("https", host, peer.peerPort()))
        .toList();
  }
}
