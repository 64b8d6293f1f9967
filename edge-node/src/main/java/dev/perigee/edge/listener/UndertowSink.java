package dev.perigee.edge.listener;

import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.request.TrailerFields;
import io.undertow.server.ExchangeCompletionListener;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpAttachments;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Protocols;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.channels.StreamSinkChannel;

/** The response side of one Undertow exchange. */
final class UndertowSink implements ResponseSink, ExchangeCompletionListener {
  /** Up to so many bytes a response is small, and never waits for its turn. */
  private static final long SMALL = 64 * 1024;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final HttpServerExchange exchange;
  private boolean started;
  private boolean over;
  private boolean switching;
  private LongSupplier switchedBytes = () -> 0;
  private long length = -1;
  private long written;
  private @Nullable StreamSinkChannel channel;
  private ByteBuffer pending = NOTHING;
  private Runnable resume = () -> {};
  private Runnable abandoned = () -> {};
  private Exchange.Ended ended = (status, bytes) -> {};
  private final Paces paces;
  private Optional<PaceWatch> watch = Optional.empty();
  private boolean isWatched;
  private Optional<LongUnaryOperator> turns = Optional.empty();
  private @Nullable Visitor visitor;

  UndertowSink(HttpServerExchange exchange, Paces paces) {
    this.exchange = exchange;
    this.paces = paces;
    exchange.addExchangeCompleteListener(this);
  }

  @Override
  public void exchangeEvent(HttpServerExchange completed, NextListener next) {
    complete();
    next.proceed();
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
    FieldList fields = head.fields();
    for (int i = 0; i < fields.size(); i++) {
      if (!fields.name(i).equalsIgnoreCase("Content-Length")) {
        headers.add(UndertowNames.of(fields.name(i)), fields.value(i));
      }
    }
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
  public void pace(LongUnaryOperator of) {
    turns = Optional.of(of);
  }

  /** Whose address has a bandwidth. */
  void paceBy(Visitor one) {
    visitor = one;
  }

  /** Nanoseconds until so many bytes may go. */
  private long wait(int bytes) {
    long ofSite = turns.isPresent() ? turns.get().applyAsLong(bytes) : 0;
    return visitor == null ? ofSite : Math.max(ofSite, paces.send(visitor, bytes));
  }

  @Override
  public boolean write(ByteBuffer bytes, Runnable whenWritten) {
    if (over) {
      return false;
    }
    long wait = wait(bytes.remaining());
    if (wait == 0) {
      return writeInTurn(bytes, whenWritten);
    }
    Runnable later = then(() -> writeInTurn(bytes, whenWritten), whenWritten);
    exchange.getIoThread().executeAfter(later, wait, TimeUnit.NANOSECONDS);
    return false;
  }

  private static Runnable then(BooleanSupplier write, Runnable whenWritten) {
    return () -> {
      if (write.getAsBoolean()) {
        whenWritten.run();
      }
    };
  }

  /** What a large response goes on with waits until the thread has looked after others. */
  private boolean writeInTurn(ByteBuffer bytes, Runnable whenWritten) {
    if (isLarge(bytes.remaining())) {
      ThreadTurns large = ThreadTurns.of(exchange.getIoThread());
      if (!large.mayGo()) {
        large.await(then(() -> writeNow(bytes, whenWritten), whenWritten));
        return false;
      }
    }
    return writeNow(bytes, whenWritten);
  }

  /** Of one whose length is known the first part waits as well. */
  private boolean isLarge(int more) {
    return Math.max(length, written + more) > SMALL;
  }

  private boolean writeNow(ByteBuffer bytes, Runnable whenWritten) {
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
          to.getWriteSetter().set(writable -> pendingInTurn(to, last));
          to.resumeWrites();
          waits();
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      abandon();
      return false;
    }
  }

  /** It is the client's turn to take more. */
  private void waits() {
    if (!isWatched) {
      isWatched = true;
      watch = paces.watchReader(exchange);
    }
    watch.ifPresent(PaceWatch::waits);
  }

  private void moved(int bytes) {
    watch.ifPresent(of -> of.moved(bytes));
  }

  /** A reader takes more, and so may a thousand others at the same time. */
  private void pendingInTurn(StreamSinkChannel to, boolean last) {
    if (over) {
      return;
    }
    ThreadTurns large = ThreadTurns.of(exchange.getIoThread());
    if (!isLarge(0) || large.mayGo()) {
      writePending(to, last);
      return;
    }
    to.suspendWrites();
    watch.ifPresent(PaceWatch::rests);
    large.await(
        () -> {
          if (!over) {
            watch.ifPresent(PaceWatch::waits);
            to.resumeWrites();
            writePending(to, last);
          }
        });
  }

  private void writePending(StreamSinkChannel to, boolean last) {
    try {
      while (pending.hasRemaining()) {
        int count = last ? to.writeFinal(pending) : to.write(pending);
        if (count == 0) {
          return;
        }
        moved(count);
      }
      pending = NOTHING;
      watch.ifPresent(PaceWatch::rests);
      to.suspendWrites();
      resume.run();
    } catch (IOException e) {
      abandon();
    }
  }

  @Override
  public void flush() {
    // Over HTTP/1 what is written has gone out; over HTTP/2 it waits to fill a frame.
    boolean waits = written == 0 || exchange.getProtocol().equals(Protocols.HTTP_2_0);
    if (over || !started || !waits) {
      return;
    }
    try {
      StreamSinkChannel to = channel();
      if (!to.flush()) {
        to.getWriteSetter().set(writable -> flushHead(to));
        to.resumeWrites();
      }
    } catch (IOException e) {
      abandon();
    }
  }

  private void flushHead(StreamSinkChannel to) {
    try {
      if (over || to.flush()) {
        to.suspendWrites();
      }
    } catch (IOException e) {
      abandon();
    }
  }

  @Override
  public void finish(FieldList trailers) {
    boolean accepted = TrailerFields.areAccepted(new UndertowFields(exchange.getRequestHeaders()));
    FieldList allowed = TrailerFields.allowed(trailers);
    if (!over && accepted && allowed.size() > 0) {
      HeaderMap map = new HeaderMap();
      allowed.forEach((name, value) -> map.add(new HttpString(name), value));
      exchange.putAttachment(HttpAttachments.RESPONSE_TRAILERS, map);
    }
    finish();
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
      watch.ifPresent(PaceWatch::rests);
      exchange.endExchange();
      paces.linger(exchange);
    } else {
      to.getWriteSetter().set(writable -> flushAgain(to));
      to.resumeWrites();
      waits();
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
    if (over || switching) {
      return;
    }
    over = true;
    watch.ifPresent(PaceWatch::end);
    abandoned.run();
    ended.ended(exchange.getStatusCode(), exchange.getResponseBytesSent());
  }

  /** From here on {@link #switchedEnded} says when the exchange is over. */
  void switching() {
    started = true;
    switching = true;
  }

  /**
   * A stream has taken the exchange's place.
   *
   * @param bytes written to it so far
   */
  void switched(LongSupplier bytes) {
    switchedBytes = bytes;
  }

  /** The stream that took the exchange's place was closed, or never came to be. */
  void switchedEnded() {
    if (!over) {
      over = true;
      abandoned.run();
      ended.ended(exchange.getStatusCode(), switchedBytes.getAsLong());
    }
  }

  /** The connection closed under the exchange. */
  void connectionClosed() {
    if (switching) {
      switchedEnded();
    } else if (!over) {
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
