package dev.perigee.edge.pipeline;

import dev.perigee.edge.origin.FailureKind;
import dev.perigee.edge.origin.FetchRequest;
import dev.perigee.edge.origin.Fetched;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginHiding;
import dev.perigee.edge.origin.PassedOn;
import dev.perigee.edge.policy.WebSocketPolicy;
import dev.perigee.edge.request.ByteStream;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.Tunnel;
import dev.perigee.edge.respond.TunnelTable;
import dev.perigee.edge.telemetry.RequestRecord.Outcome;
import java.util.Optional;
import java.util.function.BiConsumer;

/** The way of a request that wants its connection to become a WebSocket. */
final class Tunnelling {
  private static final String FULL = "tunnels-full";
  private static final int FULL_STATUS = 503;

  private final OriginSide origins;
  private final OriginClient origin;
  private final Delivery delivery;
  private final TunnelTable tunnels;
  private final BiConsumer<Fetch, Fetched.Response> passed;

  /**
   * @param passed takes an answer that is no 101
   */
  Tunnelling(
      OriginSide origins,
      OriginClient origin,
      Delivery delivery,
      TunnelTable tunnels,
      BiConsumer<Fetch, Fetched.Response> passed) {
    this.origins = origins;
    this.origin = origin;
    this.delivery = delivery;
    this.tunnels = tunnels;
    this.passed = passed;
  }

  /** Asks the origin; what it answers decides. */
  void open(Fetch fetch, Answer answer, String key) {
    Optional<TunnelTable.Place> place = tunnels.enter(fetch.site().id());
    if (place.isEmpty()) {
      delivery.failed(fetch, FULL, FULL_STATUS);
      return;
    }
    FieldList.Builder fields = origins.fields(fetch);
    PassedOn.upgrade(WebSocketPolicy.PROTOCOL, fields);
    FetchRequest request =
        origins.request(fetch, fetch.request().method(), fields.build(), Optional.empty());
    origin.fetch(request, fetched -> answered(fetch, answer, key, place.get(), fetched));
  }

  private void answered(
      Fetch fetch, Answer answer, String key, TunnelTable.Place place, Fetched fetched) {
    switch (fetched) {
      case Fetched.Failed(FailureKind kind, String source) -> {
        place.leave();
        delivery.failed(fetch, kind.token(), kind.status());
      }
      case Fetched.Response response -> {
        place.leave();
        passed.accept(fetch, OriginSide.shown(fetch, response));
      }
      case Fetched.Switched(ResponseHead head, ByteStream stream) -> {
        if (WebSocketPolicy.isAccepted(key, fetch.request(), head)) {
          switched(
              answer,
              place,
              OriginHiding.hide(head, fetch.site(), fetch.request().scheme()),
              stream);
        } else {
          place.leave();
          stream.close();
          FailureKind kind = FailureKind.BAD_RESPONSE;
          delivery.failed(fetch, kind.token(), kind.status());
        }
      }
    }
  }

  private void switched(
      Answer answer, TunnelTable.Place place, ResponseHead head, ByteStream stream) {
    answer.outcome(Outcome.TUNNEL, WebSocketPolicy.PROTOCOL);
    Tunnel[] begun = new Tunnel[1];
    // The reader may be gone before its end of the tunnel is there.
    answer
        .exchange()
        .sink()
        .onAbandoned(
            () -> {
              if (begun[0] != null) {
                begun[0].end();
              } else {
                stream.close();
                place.leave();
              }
            });
    answer
        .exchange()
        .switchProtocol(
            head,
            client -> {
              Tunnel tunnel =
                  new Tunnel(
                      client, stream, answer.exchange().thread(), () -> place.leave(begun[0]));
              begun[0] = tunnel;
              place.taken(tunnel);
              tunnel.start();
            });
  }
}
