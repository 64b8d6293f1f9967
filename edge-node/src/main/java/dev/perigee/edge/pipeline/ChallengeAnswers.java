package dev.perigee.edge.pipeline;

import dev.perigee.edge.config.ChallengeTable;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.telemetry.RequestObserver;
import dev.perigee.edge.telemetry.RequestRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * In front of the pipeline: answers certificate authorities that look for a token which this node
 * was sent, whatever the site does with requests otherwise. All else goes on as it is; also what is
 * asked for with a token that is not known, for an origin may get a certificate of its own.
 */
public final class ChallengeAnswers {
  private static final FieldList FIELDS =
      FieldList.of("Content-Type", "application/octet-stream", "Cache-Control", "no-store");

  private final Supplier<ChallengeTable> tokens;
  private final Consumer<Exchange> next;
  private final GeoLocator geo;
  private final LongSupplier nanos;
  private final RequestObserver observer;

  /**
   * @param tokens that are answered now
   * @param next takes all other requests
   */
  public ChallengeAnswers(
      Supplier<ChallengeTable> tokens,
      Consumer<Exchange> next,
      GeoLocator geo,
      LongSupplier nanos,
      RequestObserver observer) {
    this.tokens = tokens;
    this.next = next;
    this.geo = geo;
    this.nanos = nanos;
    this.observer = observer;
  }

  /** Answers one request, or has it answered. */
  public void handle(Exchange exchange) {
    RequestHead head = exchange.head();
    Optional<String> answer =
        head.isGet() && !head.hasBody() && exchange.isOfReader()
            ? tokens.get().find(head.host(), head.target())
            : Optional.empty();
    if (answer.isPresent()) {
      answer(exchange, answer.get());
    } else {
      next.accept(exchange);
    }
  }

  private void answer(Exchange exchange, String text) {
    long began = nanos.getAsLong();
    exchange.onEnded(
        (status, bytes) ->
            observer.ended(record(exchange.head(), status, bytes, nanos.getAsLong() - began)));
    byte[] body = text.getBytes(StandardCharsets.US_ASCII);
    exchange.sink().start(new ResponseHead(200, FIELDS), OptionalLong.of(body.length));
    if (exchange.sink().write(ByteBuffer.wrap(body), exchange.sink()::finish)) {
      exchange.sink().finish();
    }
  }

  private RequestRecord record(RequestHead head, int status, long bytes, long duration) {
    return new RequestRecord(
        head.client(),
        geo.place(head.client()),
        head.method(),
        head.scheme(),
        head.host(),
        head.target(),
        "",
        status,
        bytes,
        duration,
        head.id(),
        RequestRecord.Outcome.DENIED,
        "acme-challenge",
        "");
  }
}
