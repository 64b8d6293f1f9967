package dev.perigee.edge.listener;

import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.channels.StreamSinkChannel;

/** The response side of one Undertow exchange. */
final class UndertowSink implements ResponseSink {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final HttpServerExchange exchange;
  private boolean started;
  private boolean over;
  private long length = -1;
  private long written;
  private @Nullable StreamSinkChannel channel;
  private ByteBuffer pending = NOTHING;
  private Runnable resume = () -> {};
  private Runnable abandoned = () -> {};
  private Exchange.Ended ended = (status, bytes) -> {};

  UndertowSink(HttpServerExchange exchange) {
    this.exchange = exchange;
    exchange.addExchangeCompleteListener(
        (completed, next) -> {
          complete();
          next.proceed();
        });
  }

  void onEnded(Exchange.Ended action) {
    ended = action;
  }

  @Override
  public boolean isStarted() {
    return started;
  }

  @Override
  public void start(ResponseHead head, OptionalLong bodyLength) {
    started = true;
    exchange.setStatusCode(head.status());
    var headers = exchange.getResponseHeaders();
    head.fields()
        .forEach(
            (name, value) -> {
              if (!name.equalsIgnoreCase("Content-Length")) {
                headers.add(new HttpString(name), value);
              }
            });
    boolean bodiless = head.status() == 204 || head.status() == 304;
    if (bodyLength.isPresent() && !bodiless) {
      length = bodyLength.getAsLong();
      exchange.setResponseContentLength(length);
    } else if (exchange.getRequestMethod().equalToString("HEAD")) {
      head.fields()
          .first("Content-Length")
          .ifPresent(value -> headers.put(Headers.CONTENT_LENGTH, value));
    }
  }

  @Override
  public boolean write(ByteBuffer bytes, Runnable whenWritten) {
    if (over) {
      return false;
    }
    try {
      StreamSinkChannel to = channel();
      written += bytes.remaining();
      boolean last = length >= 0 && written == length;
      while (bytes.hasRemaining()) {
        int count = last ? to.writeFinal(bytes) : to.write(bytes);
        if (count == 0) {
          pending = bytes;
          resume = whenWritten;
          to.getWriteSetter().set(writable -> writePending(last));
          to.resumeWrites();
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      abandon();
      return false;
    }
  }

  private void writePending(boolean last) {
    if (over) {
      return;
    }
    try {
      StreamSinkChannel to = channel();
      while (pending.hasRemaining()) {
        int count = last ? to.writeFinal(pending) : to.write(pending);
        if (count == 0) {
          return;
        }
      }
      pending = NOTHING;
      to.suspendWrites();
      resume.run();
    } catch (IOException e) {
      abandon();
    }
  }

  @Override
  public void finish() {
    if (over) {
      return;
    }
    try {
      StreamSinkChannel to = channel();
      to.shutdownWrites();
      flush(to);
    } catch (IOException e) {
      abandon();
    }
  }

  private void flush(StreamSinkChannel to) throws IOException {
    if (to.flush()) {
      to.suspendWrites();
      exchange.endExchange();
    } else {
      to.getWriteSetter().set(writable -> flushAgain(to));
      to.resumeWrites();
    }
  }

  private void flushAgain(StreamSinkChannel to) {
    try {
      flush(to);
    } catch (IOException e) {
      abandon();
    }
  }

  @Override
  public void breakOff() {
    IoUtils.safeClose(exchange.getConnection());
    exchange.endExchange();
  }

  @Override
  public void onAbandoned(Runnable action) {
    abandoned = action;
  }

  private void abandon() {
    IoUtils.safeClose(exchange.getConnection());
    exchange.endExchange();
  }

  /** The exchange is over, one way or the other. */
  private void complete() {
    if (over) {
      return;
    }
    over = true;
    abandoned.run();
    ended.ended(exchange.getStatusCode(), exchange.getResponseBytesSent());
  }

  /** The connection closed under the exchange. */
  void connectionClosed() {
    if (!over) {
      exchange.endExchange();
      complete();
    }
  }

  private StreamSinkChannel channel() {
    StreamSinkChannel now = channel;
    if (now == null) {
      now = exchange.getResponseChannel();
      channel = now;
    }
    return now;
  }
}
