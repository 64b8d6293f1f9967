package dev.perigee.edge.pipeline;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.RouteTable;
import dev.perigee.edge.routing.Routed;
import java.time.InstantSource;
import java.util.Optional;

/** What is different for a request that another node passes on. */
final class PeerSide {
  private final Optional<Peering> peering;
  private final ResponseStore store;
  private final InstantSource clock;

  PeerSide(Optional<Peering> peering, ResponseStore store, InstantSource clock) {
    this.peering = peering;
    this.store = store;
    this.clock = clock;
  }

  /** Whether the request has been at this node before. */
  boolean isLoop(Answer answer) {
    return peering.isPresent()
        && answer
            .exchange()
            .peer()
            .filter(hop -> hop.path().contains(answer.peers().self()))
            .isPresent();
  }

  /** Goes on once the purges that the other node knows of are in force here, or do not come. */
  void admit(Exchange exchange, Runnable then) {
    Optional<PeerHop> hop = exchange.peer();
    if (hop.isEmpty() || peering.isEmpty()) {
      then.run();
    } else {
      peering.get().gate().pass(hop.get().purge(), exchange.thread(), then);
    }
  }

  /** The site, which the other node has found already. */
  static Routed route(Answer answer, RouteTable routes) {
    Optional<PeerHop> hop = answer.exchange().peer();
    return hop.isPresent()
        ? routes.byId(hop.get().site(), hop.get().keyHost())
        : routes.route(answer.request().host());
  }

  /** The purge that the other node knows of, where it is not in force here. */
  Optional<PurgePosition> behind(Answer answer) {
    Optional<PeerHop> hop = answer.exchange().peer();
    return hop.isEmpty() || store.position().covers(hop.get().purge())
        ? Optional.empty()
        : Optional.of(hop.get().purge());
  }

  /** What many ask for is kept by every node of a region. */
  void count(SiteConfig site, CacheKey key) {
    if (site.tiers().popShare()) {
      peering.ifPresent(with -> with.hot().count(PeerTable.hash(key), clock.millis()));
    }
  }
}
