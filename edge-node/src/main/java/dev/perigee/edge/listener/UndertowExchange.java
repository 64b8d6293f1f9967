package dev.perigee.edge.listener;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseSink;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.ServerConnection;
import io.undertow.util.AttachmentKey;
import java.util.Optional;
import java.util.concurrent.Executor;

/** One Undertow exchange in the pipeline's words. */
final class UndertowExchange implements Exchange {
  private static final AttachmentKey<UndertowSink> CURRENT =
      AttachmentKey.create(UndertowSink.class);

  private final HttpServerExchange exchange;
  private final RequestHead head;
  private final UndertowSink sink;
  private final Optional<BodySource> body;

  UndertowExchange(HttpServerExchange exchange, RequestGuard.Guarded.Sound sound) {
    this.exchange = exchange;
    boolean hasBody = !exchange.isRequestComplete();
    this.head =
        new RequestHead(
            exchange.getRequestMethod().toString(),
            exchange.getRequestScheme(),
            sound.host(),
            sound.port(),
            sound.target(),
            exchange.getProtocol().toString(),
            new UndertowFields(exchange.getRequestHeaders()),
            exchange.getSourceAddress().getAddress().getHostAddress(),
            hasBody);
    this.sink = new UndertowSink(exchange);
    this.body = hasBody ? Optional.of(new UndertowBody(exchange)) : Optional.empty();
    ServerConnection connection = exchange.getConnection();
    // One close listener a connection, however many requests it carries.
    if (connection.putAttachment(CURRENT, sink) == null) {
      connection.addCloseListener(closed -> closed.getAttachment(CURRENT).connectionClosed());
    }
  }

  @Override
  public RequestHead head() {
    return head;
  }

  @Override
  public Optional<BodySource> body() {
    return body;
  }

  @Override
  public ResponseSink sink() {
    return sink;
  }

  @Override
  public Executor thread() {
    return exchange.getIoThread();
  }

  @Override
  public void closeAfterwards() {
    exchange.setPersistent(false);
  }

  @Override
  public void onEnded(Ended action) {
    sink.onEnded(action);
  }
}
