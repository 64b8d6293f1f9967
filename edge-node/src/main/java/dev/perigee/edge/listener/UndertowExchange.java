package dev.perigee.edge.listener;

import dev.perigee.edge.request.Arrival;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ByteStream;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.transport.XnioByteStream;
import io.undertow.connector.ByteBufferPool;
import io.undertow.server.AbstractServerConnection;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.ServerConnection;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import io.undertow.util.Protocols;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.xnio.IoUtils;
import org.xnio.conduits.StreamSinkConduit;

/** One Undertow exchange in the pipeline's words. */
final class UndertowExchange implements Exchange {
  private static final AttachmentKey<UndertowSink> CURRENT =
      AttachmentKey.create(UndertowSink.class);

  /** Interim bytes of one exchange; far below what a socket takes at once. */
  private static final int MAX_INTERIM = 16 * 1024;

  private final HttpServerExchange exchange;
  private int interimBytes;
  private final Arrival arrival;
  private final RequestHead head;
  private final UndertowSink sink;
  private final Optional<BodySource> body;

  UndertowExchange(
      HttpServerExchange exchange,
      RequestGuard.Guarded.Sound sound,
      ClientPolicy.Client client,
      RequestId id,
      Arrival arrival,
      Paces paces) {
    this.exchange = exchange;
    this.arrival = arrival;
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
            client.address(),
            hasBody,
            client.proxies(),
            id);
    this.sink = new UndertowSink(exchange, paces);
    this.body = hasBody ? Optional.of(new UndertowBody(exchange, paces)) : Optional.empty();
    ServerConnection connection = exchange.getConnection();
    // One close listener a connection, however many requests it carries.
    if (connection.putAttachment(CURRENT, sink) == null) {
      connection.addCloseListener(closed -> closed.getAttachment(CURRENT).connectionClosed());
    }
  }

  /** The same for a client whose address may have a bandwidth. */
  UndertowExchange pacedBy(Visitor visitor) {
    sink.paceBy(visitor);
    return this;
  }

  @Override
  public RequestHead head() {
    return head;
  }

  @Override
  public Arrival arrival() {
    return arrival;
  }

  @Override
  public Optional<BodySource> body() {
    return body;
  }

  @Override
  public ResponseSink sink() {
    return sink;
  }

  /**
   * Undertow knows no interim response but 100, so the bytes go under it. Where they do not all fit
   * into the socket's buffer the response can only be broken: a client that reads so slowly has
   * taken nothing for a while.
   */
  @Override
  public void interim(InterimHead interim) {
    boolean possible =
        exchange.getConnection() instanceof AbstractServerConnection
            && exchange.getProtocol().equals(Protocols.HTTP_1_1)
            && !exchange.isResponseStarted()
            && interimBytes < MAX_INTERIM;
    if (!possible) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.wrap(interim.toText().getBytes(StandardCharsets.ISO_8859_1));
    interimBytes += bytes.remaining();
    StreamSinkConduit raw =
        ((AbstractServerConnection) exchange.getConnection()).getOriginalSinkConduit();
    try {
      int first = raw.write(bytes);
      if (first > 0 && bytes.hasRemaining()) {
        IoUtils.safeClose(exchange.getConnection());
      }
    } catch (IOException e) {
      IoUtils.safeClose(exchange.getConnection());
    }
  }

  @Override
  public void switchProtocol(ResponseHead to, Consumer<ByteStream> switched) {
    sink.switching();
    exchange.setPersistent(true);
    RequestFilter filter = exchange.getConnection().getAttachment(RequestFilter.KEY);
    if (filter != null) {
      filter.switched();
    }
    ByteBufferPool buffers = exchange.getConnection().getByteBufferPool();
    exchange.upgradeChannel(
        head.fields().first("Upgrade").orElse(""),
        (connection, ended) -> {
          XnioByteStream stream = new XnioByteStream(connection, buffers, sink::switchedEnded);
          sink.switched(stream::written);
          switched.accept(stream);
        });
    HeaderMap headers = exchange.getResponseHeaders();
    to.fields().forEach((name, value) -> headers.add(new HttpString(name), value));
    exchange.endExchange();
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
