package dev.perigee.edge.listener;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.transport.ReadLoop;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpAttachments;
import io.undertow.util.HeaderMap;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.xnio.channels.StreamSourceChannel;

/** The request side of one Undertow exchange; reading it answers an Expect: 100-continue. */
final class UndertowBody implements BodySource {
  private final HttpServerExchange exchange;
  private @Nullable ReadLoop loop;
  private boolean cancelled;

  UndertowBody(HttpServerExchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public OptionalLong length() {
    long length = exchange.getRequestContentLength();
    return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
  }

  @Override
  public FieldList trailers() {
    HeaderMap trailers = exchange.getAttachment(HttpAttachments.REQUEST_TRAILERS);
    return trailers == null ? FieldList.empty() : FieldList.copyOf(new UndertowFields(trailers));
  }

  @Override
  public void deliver(Receiver to) {
    if (cancelled) {
      return;
    }
    StreamSourceChannel from = exchange.getRequestChannel();
    if (from == null) {
      to.end();
      return;
    }
    loop =
        new ReadLoop(
            from,
            exchange.getConnection().getByteBufferPool(),
            (receiver, problem) -> receiver.broken("the client's body broke off"));
    loop.deliver(to);
  }

  @Override
  public void resume() {
    if (loop != null) {
      loop.resume();
    }
  }

  /**
   * Reads go on until something comes, and end there: at the end of the response Undertow drains
   * the channel with a listener of its own, which must not be suspended by whoever cancels late.
   */
  @Override
  public void cancel() {
    cancelled = true;
    if (loop != null) {
      loop.abandon();
    }
  }
}
