package dev.perigee.edge.origin;

import dev.perigee.edge.origin.pool.Breaker;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.request.ByteStream;
import dev.perigee.edge.request.ResponseHead;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;

/**
 * One fetch: server after server of the pool, address after address, until one answers. Lives on
 * one I/O thread.
 */
final class OriginFetch {
  private static final long NANOS_PER_MICRO = 1_000;

  private final OriginClient client;
  private final XnioIoThread thread;
  private final FetchRequest request;
  private final FetchRequest outgoing;
  private final ServerPool pool;
  private final Optional<KeptBody> kept;
  private final Consumer<Fetched> answer;
  private final FetchTimes times;
  private Fetched.Failed last = new Fetched.Failed(FailureKind.NAME, "");
  private int server = ServerPool.NONE;

  /** Servers that were asked, as bits. */
  private long tried;

  private int attempts;
  private long beganNanos;
  private boolean retrying;
  private boolean freshOnly;
  private boolean waited;

  /** Whoever wants to share the connection that is being opened waits for it. */
  private @Nullable OriginPeer opening;

  OriginFetch(
      OriginClient client,
      XnioIoThread thread,
      FetchRequest request,
      ServerPool pool,
      Consumer<Fetched> answer) {
    this.client = client;
    this.thread = thread;
    this.request = request;
    this.outgoing = request.withHost(pool.config().transport().host());
    this.pool = pool;
    this.answer = answer;
    long most = request.isIdempotent() ? pool.config().retries().bodyBytes() : 0;
    this.kept =
        most == 0
            ? Optional.empty()
            : request.body().map(body -> new KeptBody(body, most, client.keptRoom()));
    this.times =
        FetchTimes.of(
            pool.config().timeouts(),
            client.config(),
            client::nanos,
            request.body().isEmpty() || kept.isPresent(),
            request.body().isEmpty());
  }

  /** Asks the first server. */
  void begin() {
    Breaker breaker = pool.beginRequest();
    if (breaker != Breaker.CLOSED) {
      answer.accept(new Fetched.Failed(client.failed(FailureKind.of(breaker)), ""));
      return;
    }
    ask(pool.preferred(request.fields()));
  }

  private void ask(int preferred) {
    long hash = pool.hash(request.target(), request.fields(), request.client());
    server = pool.choose(tried, preferred, hash, client.clock().millis());
    if (server == ServerPool.NONE) {
      giveUp();
      return;
    }
    tried |= 1L << server;
    attempts++;
    freshOnly = false;
    waited = false;
    beganNanos = client.nanos();
    pool.began(server);
    connect();
  }

  private OriginPeer peer() {
    return OriginPeer.of(pool.url(server), pool.config().transport(), request.client());
  }

  /** By a connection that is kept, by one that another request is opening, or by a new one. */
  private void connect() {
    OriginPeer peer = peer();
    if (!freshOnly) {
      Optional<OriginConnection> idle = client.idle(thread).take(peer);
      if (idle.isPresent()) {
        ask(peer, idle.get(), true);
        return;
      }
    }
    Breaker breaker = pool.beginPending();
    if (breaker != Breaker.CLOSED) {
      failed(FailureKind.of(breaker));
      return;
    }
    if (peer.transport().http2() && !freshOnly && !waited) {
      if (client.idle(thread).isOpening(peer, this::askAfterWaiting)) {
        return;
      }
      opening = peer;
    }
    new Resolving(peer).begin();
  }

  /**
   * The connection that was being opened is there to be shared, or the next one is waited for where
   * it is full already; where there is none to be shared each goes its own way.
   */
  private void askAfterWaiting(boolean shared) {
    pool.endPending();
    waited = !shared;
    connect();
  }

  /** The connection is there, or will not be. */
  private void opened(@Nullable OriginPeer awaited, boolean shared) {
    if (awaited != null) {
      client.idle(thread).opened(awaited, shared);
    }
  }

  private void connect(OriginPeer peer, List<InetAddress> addresses) {
    List<InetAddress> allowed = new ArrayList<>();
    addresses.stream().filter(client.config()::mayConnect).forEach(allowed::add);
    if (allowed.isEmpty()) {
      unconnected(addresses.isEmpty() ? FailureKind.NAME : FailureKind.FORBIDDEN_ADDRESS);
      return;
    }
    connectTo(peer, client.addresses().of(allowed, client.clock().millis()).iterator());
  }

  private void connectTo(OriginPeer peer, Iterator<InetAddress> addresses) {
    InetAddress address = addresses.next();
    client
        .connector()
        .connect(
            thread,
            pool,
            peer,
            address,
            times.connectMillis(),
            new OriginConnector.Answer() {
              @Override
              public void connected(OriginConnection connection) {
                client.addresses().worked(address);
                pool.endPending();
                OriginPeer awaited = opening;
                opening = null;
                ask(peer, connection, false);
                opened(awaited, connection.isShared());
              }

              @Override
              public void failed(FailureKind kind) {
                if (kind.isOfServer()) {
                  client.addresses().failed(address, client.clock().millis());
                }
                if (addresses.hasNext() && kind.isOfServer()) {
                  connectTo(peer, addresses);
                } else {
                  unconnected(kind);
                }
              }
            });
  }

  /** No connection to the server came about. */
  private void unconnected(FailureKind kind) {
    pool.endPending();
    OriginPeer awaited = opening;
    opening = null;
    opened(awaited, false);
    failed(kind);
  }

  /** Nothing was sent to this server, or the request is repeatable: another one may be asked. */
  private void failed(FailureKind kind) {
    blame(kind);
    endAttempt();
    boolean begins =
        kind.isOfServer()
            && mayTryAgain()
            && !pool.isExhausted(tried)
            && pool.beginRetry(thread, this::again);
    if (!begins) {
      giveUp();
    }
  }

  private void blame(FailureKind kind) {
    last = new Fetched.Failed(client.failed(kind), pool.url(server).authority());
    if (kind.isOfServer()) {
      pool.failed(server, micros(), client.clock().millis());
    }
  }

  private boolean mayTryAgain() {
    return attempts <= pool.config().retries().attempts() && !times.isOver();
  }

  private void again() {
    retrying = true;
    if (times.isOver()) {
      endRetry();
      last = new Fetched.Failed(client.failed(FailureKind.TOTAL_TIMEOUT), last.source());
      giveUp();
    } else {
      ask(ServerPool.NONE);
    }
  }

  private long micros() {
    return (client.nanos() - beganNanos) / NANOS_PER_MICRO;
  }

  /** The server has no more to do with it. */
  private void endAttempt() {
    pool.done(server);
    endRetry();
  }

  private void endRetry() {
    if (retrying) {
      retrying = false;
      pool.endRetry();
    }
  }

  private void giveUp() {
    kept.ifPresent(KeptBody::abandon);
    endRetry();
    pool.endRequest();
    answer.accept(last);
  }

  /** Whether it can be sent again: idempotent, and its body, if any, was kept. */
  private boolean isRepeatable() {
    boolean bodyIsThere = request.body().isEmpty() || kept.filter(KeptBody::isWhole).isPresent();
    return request.isIdempotent() && bodyIsThere;
  }

  /** One look-up: answered or given up, whichever comes first. */
  private final class Resolving {
    private final OriginPeer peer;
    private XnioExecutor.@Nullable Key timer;
    private boolean done;

    Resolving(OriginPeer peer) {
      this.peer = peer;
    }

    void begin() {
      client.resolver().resolve(peer.url().host(), thread, this::found);
      if (!done) {
        timer = thread.executeAfter(this::timedOut, times.connectMillis(), TimeUnit.MILLISECONDS);
      }
    }

    private void found(List<InetAddress> addresses) {
      if (!done) {
        done = true;
        XnioExecutor.Key key = timer;
        if (key != null) {
          key.remove();
        }
        connect(peer, addresses);
      }
    }

    private void timedOut() {
      if (!done) {
        done = true;
        unconnected(FailureKind.NAME_TIMEOUT);
      }
    }
  }

  /** Asks on a connection, one that was kept or a new one. */
  private void ask(OriginPeer peer, OriginConnection connection, boolean reused) {
    new OriginTry(client, thread, outgoing, kept, peer, connection, times, new Asked(reused))
        .send();
  }

  /** What comes of a try. */
  private final class Asked implements OriginTry.Outcome {
    private final boolean reused;
    private boolean elsewhere;

    Asked(boolean reused) {
      this.reused = reused;
    }

    @Override
    public void answered(Fetched.Response response) {
      int status = response.head().status();
      Optional<String> retryAfter = response.head().fields().first("Retry-After");
      pool.answered(server, status, retryAfter, micros(), client.clock().millis());
      if (isAskedElsewhere(response)) {
        return;
      }
      kept.ifPresent(KeptBody::settle);
      answer.accept(
          new Fetched.Response(
              response.head(),
              response.body(),
              response.requestMillis(),
              response.responseMillis(),
              pool.setCookie(server, request.fields())));
    }

    /** An answer that another server may better: this one is not read on. */
    private boolean isAskedElsewhere(Fetched.Response response) {
      return pool.isRetried(response.head().status())
          && isRepeatable()
          && mayTryAgain()
          && pool.hasOther(tried, client.clock().millis())
          && beginElsewhere(response);
    }

    private boolean beginElsewhere(Fetched.Response response) {
      // Whoever waits for an attempt of the budget must hold none.
      endRetry();
      return pool.beginRetry(
          thread,
          () -> {
            elsewhere = true;
            last = new Fetched.Failed(FailureKind.RESET, pool.url(server).authority());
            response.body().cancel();
            again();
          });
    }

    @Override
    public void switched(ResponseHead head, ByteStream stream) {
      pool.answered(server, head.status(), Optional.empty(), micros(), client.clock().millis());
      kept.ifPresent(KeptBody::settle);
      answer.accept(new Fetched.Switched(head, stream));
    }

    @Override
    public void ended() {
      endAttempt();
      if (!elsewhere) {
        pool.endRequest();
      }
    }

    @Override
    public void failed(FailureKind kind, OriginTry.Damage damage) {
      boolean again =
          switch (damage) {
            case NONE -> true;
            case UNKNOWN -> isRepeatable();
            case DONE -> false;
          };
      boolean same = !freshOnly && (reused || damage == OriginTry.Damage.NONE);
      if (again && same && kind == FailureKind.RESET) {
        // Closed by the server between two requests, or not begun: that is no failure of it.
        freshOnly = true;
        connect();
      } else if (again) {
        OriginFetch.this.failed(kind);
      } else {
        blame(kind);
        endAttempt();
        giveUp();
      }
    }
  }
}
