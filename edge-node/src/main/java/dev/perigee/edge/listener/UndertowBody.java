package dev.perigee.edge.listener;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.transport.ReadLoop;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpAttachments;
import io.undertow.util.HeaderMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.xnio.channels.StreamSourceChannel;

/** The request side of one Undertow exchange; reading it answers an Expect: 100-continue. */
final class UndertowBody implements BodySource {
  private final HttpServerExchange exchange;
  private @Nullable ReadLoop loop;
  private boolean cancelled;
  private final long length;
  private final Paces paces;

  UndertowBody(HttpServerExchange exchange, Paces paces) {
    this.exchange = exchange;
    this.paces = paces;
    this.length = exchange.getRequestContentLength();
  }

  @Override
  public OptionalLong length() {
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
    ReadLoop begun =
        new ReadLoop(from, exchange.getConnection().getByteBufferPool(), new Breakage());
    loop = begun;
    begun.deliver(length < 0 ? to : new Measured(to, begun));
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

  /** A body that broke off, or of which the filter lets nothing more pass. */
  private final class Breakage implements ReadLoop.Broken {
    private final Optional<PaceWatch> watch = paces.watchBody(exchange, this::tooSlow);
    private boolean isTooSlow;

    @Override
    public void broken(Receiver receiver, IOException problem) {
      watch.ifPresent(PaceWatch::end);
      String why = isTooSlow ? TOO_SLOW : "the client's body broke off";
      // Thousands may break off at once, each with an answer and an origin's connection to end.
      ThreadTurns.of(exchange.getIoThread())
          .run(
              () -> {
                if (!cancelled) {
                  receiver.broken(why);
                }
              });
    }

    /** What still comes of it is not waited for: the connection ends with the answer. */
    private void tooSlow() {
      isTooSlow = true;
      if (loop != null && loop.breakOff(new IOException(TOO_SLOW))) {
        paces.counts().count(DoorReason.SLOW_BODY);
        exchange.setPersistent(false);
      }
    }

    @Override
    public void waits() {
      watch.ifPresent(PaceWatch::waits);
    }

    @Override
    public void moved(int bytes) {
      watch.ifPresent(of -> of.moved(bytes));
    }

    @Override
    public void rests() {
      watch.ifPresent(PaceWatch::rests);
    }

    @Override
    public boolean isHopeless() {
      RequestFilter filter = exchange.getConnection().getAttachment(RequestFilter.KEY);
      return filter != null && filter.tellsOfRefusedBody();
    }
  }

  /** Over HTTP/2 the length may be another than that of the data (RFC 9113, section 8.1.1). */
  private final class Measured implements Receiver {
    private final Receiver next;
    private final ReadLoop source;
    private long received;

    Measured(Receiver next, ReadLoop source) {
      this.next = next;
      this.source = source;
    }

    @Override
    public boolean take(ByteBuffer bytes) {
      received += bytes.remaining();
      if (received > length) {
        source.abandon();
        next.broken("the client's body is longer than it says");
        return false;
      }
      return next.take(bytes);
    }

    @Override
    public void end() {
      if (received < length) {
        next.broken("the client's body is shorter than it says");
      } else {
        next.end();
      }
    }

    @Override
    public void broken(String reason) {
      next.broken(reason);
    }
  }
}
