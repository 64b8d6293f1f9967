package dev.perigee.edge.listener;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpAttachments;
import io.undertow.util.HeaderMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.xnio.channels.StreamSourceChannel;

/** The request side of one Undertow exchange; reading it answers an Expect: 100-continue. */
final class UndertowBody implements BodySource {
  private final HttpServerExchange exchange;
  private @Nullable StreamSourceChannel channel;
  private @Nullable Receiver receiver;
  private boolean paused;
  private boolean ended;
  private boolean reading;

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
    receiver = to;
    StreamSourceChannel from = exchange.getRequestChannel();
    if (from == null) {
      ended = true;
      to.end();
      return;
    }
    channel = from;
    from.getReadSetter().set(readable -> read());
    read();
  }

  @Override
  public void resume() {
    if (paused && !ended) {
      paused = false;
      read();
    }
  }

  /**
   * Reads go on until something comes, and end there: at the end of the response Undertow drains
   * the channel with a listener of its own, which must not be suspended by whoever cancels late.
   */
  @Override
  public void cancel() {
    ended = true;
  }

  private void read() {
    StreamSourceChannel from = channel;
    Receiver to = receiver;
    if (from == null || to == null || reading || paused) {
      return;
    }
    if (ended) {
      from.suspendReads();
      return;
    }
    reading = true;
    try (PooledByteBuffer pooled = exchange.getConnection().getByteBufferPool().allocate()) {
      ByteBuffer buffer = pooled.getBuffer();
      while (!ended && !paused) {
        buffer.clear();
        int count = from.read(buffer);
        if (count == 0) {
          from.resumeReads();
          return;
        }
        if (count < 0) {
          ended = true;
          from.suspendReads();
          to.end();
          return;
        }
        buffer.flip();
        if (!to.take(buffer)) {
          paused = true;
          from.suspendReads();
        }
      }
    } catch (IOException e) {
      ended = true;
      to.broken("the client's body broke off");
    } finally {
      reading = false;
    }
  }
}
