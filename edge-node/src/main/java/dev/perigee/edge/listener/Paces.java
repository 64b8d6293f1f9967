package dev.perigee.edge.listener;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.Protocols;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.xnio.IoUtils;
import org.xnio.Options;

/**
 * Which pace the clients of a listener must keep, and what is done about those that do not.
 *
 * @param body of what they send
 * @param reader of what they take
 */
record Paces(DoorLimits.Pace body, DoorLimits.Pace reader, DoorCounts counts) {
  private static final DoorLimits.Pace ANY = new DoorLimits.Pace(0, Duration.ZERO, Duration.ZERO);

  /** Whoever is asked may be as slow as whoever asks. */
  static final Paces NONE = new Paces(ANY, ANY, new DoorCounts());

  /** Bytes of a response are to go to a client: the nanoseconds until they may; 0 at once. */
  long send(Visitor to, int bytes) {
    long wait = to.send(bytes);
    if (wait > 0) {
      counts.count(DoorReason.ADDRESS_BANDWIDTH);
    }
    return wait;
  }

  /** A request is answered, and the rest of its body still comes. */
  void linger(HttpServerExchange exchange) {
    if (body.bytesPerSecond() > 0 && !exchange.isRequestComplete() && !isHttp2(exchange)) {
      exchange
          .getIoThread()
          .executeAfter(
              () -> {
                if (!exchange.isComplete()) {
                  // One that gets no further request was told so, and counted.
                  if (exchange.isPersistent()) {
                    counts.count(DoorReason.SLOW_BODY);
                  }
                  IoUtils.safeClose(exchange.getConnection());
                }
              },
              body.grace().toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }

  /** Watches how a client takes a response; empty where it may be as slow as it likes. */
  Optional<PaceWatch> watchReader(HttpServerExchange exchange) {
    return reader.bytesPerSecond() == 0
        ? Optional.empty()
        : Optional.of(new PaceWatch(exchange.getIoThread(), reader, () -> readerTooSlow(exchange)));
  }

  /** Over HTTP/2 it gives no window, or no connection that takes anything. */
  private void readerTooSlow(HttpServerExchange exchange) {
    Optional<FrameDoor> frames = isHttp2(exchange) ? FrameDoor.of(exchange) : Optional.empty();
    if (frames.isPresent()) {
      frames.get().end(DoorReason.HTTP2_STALLED);
    } else {
      counts.count(DoorReason.SLOW_READER);
      abort(exchange);
    }
  }

  /** What waits in the system for a reader who does not take it would wait there on. */
  private static void abort(HttpServerExchange exchange) {
    try {
      exchange.getConnection().setOption(Options.CLOSE_ABORT, true);
    } catch (IOException e) {
      // it is closed already
    }
    IoUtils.safeClose(exchange.getConnection());
  }

  private static boolean isHttp2(HttpServerExchange exchange) {
    return exchange.getProtocol().equals(Protocols.HTTP_2_0);
  }

  /** Watches how a client sends a body; empty where it may be as slow as it likes. */
  Optional<PaceWatch> watchBody(HttpServerExchange exchange, Runnable tooSlow) {
    return body.bytesPerSecond() == 0
        ? Optional.empty()
        : Optional.of(new PaceWatch(exchange.getIoThread(), body, tooSlow));
  }
}
