package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.origin.FailureKind;
import dev.perigee.edge.origin.FetchRequest;
import dev.perigee.edge.origin.Fetched;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginFields;
import dev.perigee.edge.origin.PeerClient;
import dev.perigee.edge.origin.PeerRequest;
import dev.perigee.edge.policy.LoadTable;
import dev.perigee.edge.policy.SiteLoad;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ClientCert;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.PeerTier;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.Way;
import dev.perigee.edge.routing.WayPolicy;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Where a fetch goes: to the nodes on its way, one after the other until one serves it, and else to
 * the origin. Lives on the I/O thread of the fetch.
 */
final class Forwarding {
  private final PipelineConfig config;
  private final OriginSide origins;
  private final OriginClient origin;
  private final Optional<Peering> peering;
  private final LoadTable load;
  private final LongSupplier nanos;

  Forwarding(
      PipelineConfig config,
      OriginSide origins,
      OriginClient origin,
      Optional<Peering> peering,
      LoadTable load,
      LongSupplier nanos) {
    this.config = config;
    this.load = load;
    this.nanos = nanos;
    this.origins = origins;
    this.origin = origin;
    this.peering = peering;
  }

  /**
   * What to ask for, whoever is asked.
   *
   * @param shape changes the fields that the request would have
   * @param purge the answer must respect every purge up to here
   * @param straight whether only the origin itself can answer it
   */
  record Order(
      String method,
      Optional<BodySource> body,
      Consumer<FieldList.Builder> shape,
      PurgePosition purge,
      boolean straight) {}

  /**
   * What came.
   *
   * @param note what another node said of it
   * @param from as what that node was asked; empty where it is the origin's answer
   */
  record Came(Fetched fetched, PeerNote note, Optional<PeerTier> from) {}

  /** Where the site's origins are pressed already, nobody is asked. */
  void fetch(Fetch fetch, Order order, Consumer<Came> told) {
    Optional<SiteLoad> let = load.fetch(fetch.site().id());
    if (let.isEmpty()) {
      told.accept(
          new Came(
              new Fetched.Failed(FailureKind.OVERLOADED, ""), PeerNote.NONE, Optional.empty()));
      return;
    }
    long began = nanos.getAsLong();
    go(
        fetch,
        order,
        came -> {
          let.get().fetched(nanos.getAsLong() - began);
          told.accept(came);
        });
  }

  private void go(Fetch fetch, Order order, Consumer<Came> told) {
    Way way =
        order.straight || peering.isEmpty()
            ? Way.STRAIGHT
            : WayPolicy.way(
                fetch.peers(), fetch.site(), fetch.key(), fetch.hop().map(PeerHop::tier));
    new Attempt(fetch, order, way.steps().iterator(), told).next();
  }

  /** Whether this node keeps what an owner has: only what its own readers ask for often. */
  boolean keeps(Came came, CacheKey key) {
    return !came.from().equals(Optional.of(PeerTier.OWNER))
        || peering.filter(with -> with.hot().isHot(PeerTable.hash(key))).isPresent();
  }

  private void origin(Fetch fetch, Order order, Consumer<Came> told) {
    FieldList.Builder fields = origins.fields(fetch);
    order.shape.accept(fields);
    FetchRequest request = origins.request(fetch, order.method, fields.build(), order.body);
    origin.fetch(
        request,
        fetched -> {
          Fetched shown =
              fetched instanceof Fetched.Response response
                  ? OriginSide.shown(fetch, response)
                  : fetched;
          told.accept(new Came(shown, PeerNote.NONE, Optional.empty()));
        });
  }

  private static PeerRequest peer(
      Fetch fetch, Order order, PeerTier tier, FieldList.Builder fields) {
    order.shape.accept(fields);
    return new PeerRequest(
        tier,
        fetch.site().originPools().poolFor(fetch.request().target()),
        fetch.request().client(),
        order.method,
        fetch.request().target(),
        fields.build(),
        order.body,
        fetch::interim);
  }

  /** Node after node, then the origin. */
  private final class Attempt {
    private final Fetch fetch;
    private final Order order;
    private final Iterator<Way.Step> steps;
    private final Consumer<Came> told;

    Attempt(Fetch fetch, Order order, Iterator<Way.Step> steps, Consumer<Came> told) {
      this.fetch = fetch;
      this.order = order;
      this.steps = steps;
      this.told = told;
    }

    void next() {
      while (steps.hasNext() && peering.isPresent()) {
        Way.Step step = steps.next();
        PeerClient client = peering.get().client();
        boolean free = step.tier() != PeerTier.OWNER || client.mayTake(step.peer());
        if (free && client.mayAsk(step.peer())) {
          PeerRequest request = peer(fetch, order, step.tier(), peerFields(step.tier()));
          client.fetch(step.peer(), request, fetched -> answered(step, request, fetched));
          return;
        }
      }
      origin(fetch, order, told);
    }

    private void answered(Way.Step step, PeerRequest request, Fetched fetched) {
      switch (fetched) {
        case Fetched.Failed lost -> {
          if (PeerClient.mayGoOn(request, lost)) {
            next();
          } else {
            told.accept(new Came(lost, PeerNote.NONE, Optional.of(step.tier())));
          }
        }
        case Fetched.Response response -> {
          PeerNote note = PeerNote.of(response.head().fields());
          if (note.refused().isPresent() && request.body().isEmpty()) {
            response.body().deliver(new Drain());
            next();
          } else {
            told.accept(new Came(bare(response), note, Optional.of(step.tier())));
          }
        }
        case Fetched.Switched switched ->
            told.accept(new Came(switched, PeerNote.NONE, Optional.of(step.tier())));
      }
    }

    private FieldList.Builder peerFields(PeerTier tier) {
      RequestHead head = fetch.request();
      FieldList.Builder fields =
          OriginSide.certified(
              fetch, OriginFields.toPeer(head, config.name(), fetch.site().hiding().passed()));
      if (CacheControl.ofRequest(head.fields()).has("max-stale")) {
        // One reader's patience is no reason to give stale content to all who wait here.
        fields.remove("Cache-Control");
      }
      List<String> path = new ArrayList<>(fetch.hop().map(PeerHop::path).orElse(List.of()));
      path.add(fetch.peers().self());
      PeerHop hop =
          new PeerHop(
              tier,
              order.purge,
              fetch.site().id(),
              fetch.key().host(),
              head.client(),
              head.proxies(),
              head.scheme(),
              head.port(),
              path);
      Optional<String> certificate =
          fetch.site().clientCertificates().isAsked()
              ? fields.build().first(ClientCert.FIELD)
              : Optional.empty();
      return fields.add(PeerHop.FIELD, hop.certifying(certificate).toText());
    }
  }

  /** Without what the other node says to this one. */
  private static Fetched.Response bare(Fetched.Response response) {
    FieldList fields = response.head().fields().toBuilder().remove(PeerHop.FIELD).build();
    return new Fetched.Response(
        new ResponseHead(response.head().status(), fields),
        response.body(),
        response.requestMillis(),
        response.responseMillis(),
        response.stickyCookie());
  }
}
