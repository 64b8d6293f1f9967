package dev.perigee.edge.listener;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseSink;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * A request that another node has passed on, as its reader made it. Never one for a WebSocket:
 * nodes ask the origin for those themselves.
 */
record PeerExchange(Exchange bare, PeerHop hop, RequestHead head) implements Exchange {
  static PeerExchange of(Exchange bare, PeerHop hop) {
    RequestHead as = bare.head();
    RequestHead head =
        new RequestHead(
            as.method(),
            hop.scheme(),
            as.host(),
            hop.port(),
            as.target(),
            as.protocol(),
            FieldList.copyOf(as.fields()).toBuilder()
                .remove(PeerHop.FIELD)
                .remove("Upgrade")
                .build(),
            hop.client(),
            as.hasBody(),
            hop.proxies(),
            as.id());
    return new PeerExchange(bare, hop, head);
  }

  @Override
  public Optional<PeerHop> peer() {
    return Optional.of(hop);
  }

  @Override
  public Optional<BodySource> body() {
    return bare.body();
  }

  @Override
  public ResponseSink sink() {
    return bare.sink();
  }

  @Override
  public void interim(InterimHead interim) {
    bare.interim(interim);
  }

  @Override
  public Executor thread() {
    return bare.thread();
  }

  @Override
  public void closeAfterwards() {
    bare.closeAfterwards();
  }

  @Override
  public void onEnded(Ended action) {
    bare.onEnded(action);
  }
}
