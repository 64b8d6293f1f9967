package dev.perigee.edge.origin;

import dev.perigee.edge.origin.OriginConnection.Running;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ByteStream;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;

/**
 * One request on one connection: sent, then answered or failed, whichever comes first. Lives on the
 * connection's I/O thread.
 */
final class OriginTry implements OriginConnection.Replies {
  private static final long UNREAD_MILLIS = 200;

  private final OriginClient client;
  private final XnioIoThread thread;
  private final FetchRequest request;
  private final Optional<KeptBody> kept;
  private final OriginPeer server;
  private final OriginConnection connection;
  private final FetchTimes times;
  private final Outcome outcome;
  private final long sentMillis;
  private XnioExecutor.@Nullable Key timer;
  private @Nullable Running running;
  private @Nullable RequestBodyPump pump;
  private boolean awaitsContinue;
  private boolean decided;
  private boolean sent;
  private boolean switched;

  /**
   * @param kept the request's body, where it may be sent more than once
   */
  OriginTry(
      OriginClient client,
      XnioIoThread thread,
      FetchRequest request,
      Optional<KeptBody> kept,
      OriginPeer server,
      OriginConnection connection,
      FetchTimes times,
      Outcome outcome) {
    this.client = client;
    this.thread = thread;
    this.request = request;
    this.kept = kept;
    this.server = server;
    this.connection = connection;
    this.times = times;
    this.outcome = outcome;
    this.sentMillis = client.clock().millis();
  }

  /** What a try has done at its server, as far as that is known. */
  enum Damage {
    /** The server did nothing and all of the body is there: any request may be sent again. */
    NONE,
    /** The server may have begun: what is idempotent may be sent again. */
    UNKNOWN,
    /** Never to be sent again. */
    DONE
  }

  /** Told once what came of it, and of an answer when it is over. */
  interface Outcome {
    void answered(Fetched.Response response);

    void switched(ResponseHead head, ByteStream stream);

    /** The answer's body has come to an end, or the stream is closed. */
    void ended();

    /** Instead of an answer. */
    void failed(FailureKind kind, Damage damage);
  }

  void send() {
    if (request.body().isEmpty()) {
      sent();
    } else {
      awaitsContinue = request.expectsContinue();
    }
    Running begun = connection.send(request, this);
    running = begun;
    if (connection.isShared() && connection.isOpen() && server.client().isEmpty()) {
      client.idle(thread).keep(server, connection);
    }
    if (decided || request.body().isEmpty()) {
      return;
    }
    if (awaitsContinue) {
      awaitContinue(begun);
    } else {
      pump();
    }
  }

  /** Not for ever: an origin may know nothing of the expectation (RFC 9110, section 10.1.1). */
  private void awaitContinue(Running begun) {
    try {
      begun.body().flush();
    } catch (java.io.IOException e) {
      broken(FailureKind.RESET, false);
      return;
    }
    long millis = client.config().continueTimeout().toMillis();
    timer = thread.executeAfter(this::proceed, millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void proceed() {
    if (awaitsContinue && !decided) {
      awaitsContinue = false;
      forgetTimer();
      pump();
    }
  }

  private void pump() {
    Running begun = running;
    if (begun == null || request.body().isEmpty()) {
      return;
    }
    BodySource body = kept.map(KeptBody::view).orElse(request.body().get());
    RequestBodyPump started = new RequestBodyPump(body, begun.body(), this::sent, this::bodyFailed);
    pump = started;
    watch(started, -1);
    started.start();
  }

  /** Gives up when the body has not moved for one idle time-out. */
  private void watch(RequestBodyPump watched, long before) {
    if (decided || sent) {
      return;
    }
    if (watched.moved() == before) {
      watched.stop();
      broken(watched.waitsFor(), false);
      return;
    }
    long moved = watched.moved();
    long millis = times.idle().toMillis();
    timer = thread.executeAfter(() -> watch(watched, moved), millis, TimeUnit.MILLISECONDS);
  }

  /** The whole request is on its way: now the origin has its time to begin to answer. */
  private void sent() {
    sent = true;
    if (!decided) {
      forgetTimer();
      FetchTimes.Limit limit = times.response();
      timer =
          thread.executeAfter(
              () -> broken(limit.kind(), false), limit.millis(), TimeUnit.MILLISECONDS);
    }
  }

  /**
   * The body cannot be carried on. An origin that said no before it closed is heard: what it sent
   * may still lie unread.
   */
  private void bodyFailed(FailureKind kind) {
    if (decided || kind != FailureKind.RESET) {
      broken(kind, false);
      return;
    }
    forgetTimer();
    timer = thread.executeAfter(() -> broken(kind, false), UNREAD_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public void interim(InterimHead head) {
    request.interim().accept(head);
  }

  @Override
  public void answered(ResponseHead head, BodySource body) {
    if (decided) {
      end(false);
      return;
    }
    decide();
    BodySource timed =
        new TimedBody(
            body,
            thread,
            times.idle(),
            client.clock(),
            whole -> {
              outcome.ended();
              end(whole);
            });
    outcome.answered(
        new Fetched.Response(head, timed, sentMillis, client.clock().millis(), Optional.empty()));
  }

  @Override
  public void switched(ResponseHead head, ByteStream stream) {
    if (decided) {
      stream.close();
      return;
    }
    decide();
    switched = true;
    outcome.switched(head, stream);
  }

  @Override
  public void streamClosed() {
    if (switched) {
      outcome.ended();
    }
  }

  @Override
  public void broken(FailureKind kind, boolean untouched) {
    boolean bodyIsGone = pump != null && kept.filter(KeptBody::isWhole).isEmpty();
    if (decided) {
      end(false);
      return;
    }
    decide();
    end(false);
    if (untouched && !bodyIsGone) {
      outcome.failed(kind, Damage.NONE);
    } else {
      outcome.failed(kind, bodyIsGone ? Damage.DONE : Damage.UNKNOWN);
    }
  }

  /** The exchange is over: keeps the connection, if it can be used again. */
  private void end(boolean whole) {
    Running begun = running;
    if (begun == null) {
      connection.close();
      return;
    }
    RequestBodyPump pumping = pump;
    if (!sent && pumping != null) {
      pumping.stop();
    }
    begun.end(whole && sent);
    if (!server.client().isEmpty()) {
      // It was opened for this reader, and says so.
      connection.close();
    } else if (connection.isOpen()) {
      client.idle(thread).keep(server, connection);
    }
  }

  private void decide() {
    decided = true;
    forgetTimer();
  }

  private void forgetTimer() {
    XnioExecutor.Key key = timer;
    if (key != null) {
      key.remove();
      timer = null;
    }
  }
}
