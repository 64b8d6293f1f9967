package dev.perigee.edge.pipeline;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseSink;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/** The request for one slice, made for a request that needs several. */
record SliceExchange(Exchange whole, RequestHead head, ResponseSink sink) implements Exchange {
  /** They are answered once, from all slices together. */
  private static final List<String> NOT_PASSED_ON =
      List.of(
          "Range",
          "If-Range",
          "If-Match",
          "If-None-Match",
          "If-Modified-Since",
          "If-Unmodified-Since");

  static SliceExchange of(Exchange whole, ResponseSink sink) {
    RequestHead head = whole.head();
    FieldList.Builder fields = FieldList.copyOf(head.fields()).toBuilder();
    NOT_PASSED_ON.forEach(fields::remove);
    RequestHead own = head.bare(fields.build());
    return new SliceExchange(whole, own, sink);
  }

  @Override
  public Optional<BodySource> body() {
    return Optional.empty();
  }

  @Override
  public Optional<PeerHop> peer() {
    return whole.peer();
  }

  @Override
  public void interim(InterimHead interim) {
    whole.interim(interim);
  }

  @Override
  public Executor thread() {
    return whole.thread();
  }

  @Override
  public void closeAfterwards() {
    whole.closeAfterwards();
  }

  /** The whole request tells its own end. */
  @Override
  public void onEnded(Ended action) {}
}
