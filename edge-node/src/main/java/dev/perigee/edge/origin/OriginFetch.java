package dev.perigee.edge.origin;

import dev.perigee.edge.origin.OriginClient.OriginConnection;
import dev.perigee.edge.origin.pool.Breaker;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.origin.pool.ServerState;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ResponseHead;
import io.undertow.client.ClientCallback;
import io.undertow.client.ClientExchange;
import io.undertow.client.ClientRequest;
import io.undertow.client.ClientResponse;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
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
 * One fetch: server after server, address after address, until one answers. Lives on one I/O
 * thread.
 */
final class OriginFetch {
  private static final long NANOS_PER_MICRO = 1_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final OriginClient client;
  private final XnioIoThread thread;
  private final FetchRequest request;
  private final ServerPool pool;
  private final Optional<KeptBody> kept;
  private final Consumer<Fetched> answer;
  private final long deadlineNanos;
  private Fetched.Failed last = new Fetched.Failed(FailureKind.NAME, "");
  private int server = ServerPool.NONE;

  /** Servers that were asked, as bits. */
  private long tried;

  private int attempts;
  private long beganNanos;
  private boolean retrying;
  private boolean freshOnly;

  OriginFetch(
      OriginClient client,
      XnioIoThread thread,
      FetchRequest request,
      ServerPool pool,
      Consumer<Fetched> answer) {
    this.client = client;
    this.thread = thread;
    this.pool = pool;
    this.answer = answer;
    long most = request.isIdempotent() ? pool.config().retries().bodyBytes() : 0;
    this.kept =
        most == 0
            ? Optional.empty()
            : request.body().map(body -> new KeptBody(body, most, client.keptRoom()));
    this.request = request;
    long total = pool.config().timeouts().totalMillis();
    boolean bounded = total > 0 && (request.body().isEmpty() || kept.isPresent());
    this.deadlineNanos = client.nanos() + (bounded ? total * NANOS_PER_MILLI : Long.MAX_VALUE / 2);
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
    beganNanos = client.nanos();
    pool.began(server);
    connect();
  }

  /** By a connection that is kept, or by a new one. */
  private void connect() {
    if (!freshOnly) {
      Optional<OriginConnection> idle = client.idle(thread).take(pool.server(server));
      if (idle.isPresent()) {
        new Try(idle.get(), true).send();
        return;
      }
    }
    Breaker breaker = pool.beginPending();
    if (breaker == Breaker.CLOSED) {
      new Resolving().begin();
    } else {
      failed(FailureKind.of(breaker));
    }
  }

  private void connect(List<InetAddress> addresses) {
    List<InetAddress> allowed = new ArrayList<>();
    addresses.stream().filter(client.connector()::mayConnect).forEach(allowed::add);
    if (allowed.isEmpty()) {
      pool.endPending();
      failed(addresses.isEmpty() ? FailureKind.NAME : FailureKind.FORBIDDEN_ADDRESS);
      return;
    }
    connectTo(client.addresses().of(allowed, client.clock().millis()).iterator());
  }

  private void connectTo(Iterator<InetAddress> addresses) {
    InetAddress address = addresses.next();
    client
        .connector()
        .connect(
            thread,
            pool,
            pool.url(server),
            address,
            left(timeout(pool.config().timeouts().connectMillis(), connectTimeout())),
            new OriginConnector.Answer() {
              @Override
              public void connected(OriginConnection connection) {
                client.addresses().worked(address);
                pool.endPending();
                new Try(connection, false).send();
              }

              @Override
              public void failed(FailureKind kind) {
                if (kind.isOfServer()) {
                  client.addresses().failed(address, client.clock().millis());
                }
                if (addresses.hasNext() && kind.isOfServer()) {
                  connectTo(addresses);
                } else {
                  pool.endPending();
                  OriginFetch.this.failed(kind);
                }
              }
            });
  }

  private Duration connectTimeout() {
    return client.config().connectTimeout();
  }

  /** The pool's own, or the node's. */
  private static long timeout(long millis, Duration otherwise) {
    return millis > 0 ? millis : otherwise.toMillis();
  }

  /** At most what is left for all attempts. */
  private long left(long millis) {
    return Math.clamp((deadlineNanos - client.nanos()) / NANOS_PER_MILLI, 1, millis);
  }

  /** Nothing was sent to this server, or the request is repeatable: another one may be asked. */
  private void failed(FailureKind kind) {
    last = new Fetched.Failed(client.failed(kind), pool.url(server).authority());
    if (kind.isOfServer()) {
      pool.failed(server, micros(), client.clock().millis());
    }
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

  private boolean mayTryAgain() {
    return attempts <= pool.config().retries().attempts() && client.nanos() < deadlineNanos;
  }

  private void again() {
    retrying = true;
    if (client.nanos() < deadlineNanos) {
      ask(ServerPool.NONE);
    } else {
      endRetry();
      last = new Fetched.Failed(client.failed(FailureKind.TOTAL_TIMEOUT), last.source());
      giveUp();
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
    return request.isIdempotent() && (request.body().isEmpty() || isKept());
  }

  private boolean isKept() {
    return kept.isPresent() && kept.get().isWhole();
  }

  /** One look-up: answered or given up, whichever comes first. */
  private final class Resolving {
    private XnioExecutor.@Nullable Key timer;
    private boolean done;

    void begin() {
      client.resolver().resolve(pool.url(server).host(), thread, this::found);
      if (!done) {
        long millis = left(timeout(pool.config().timeouts().connectMillis(), connectTimeout()));
        timer = thread.executeAfter(this::timedOut, millis, TimeUnit.MILLISECONDS);
      }
    }

    private void found(List<InetAddress> addresses) {
      if (!done) {
        done = true;
        XnioExecutor.Key key = timer;
        if (key != null) {
          key.remove();
        }
        connect(addresses);
      }
    }

    private void timedOut() {
      if (!done) {
        done = true;
        pool.endPending();
        failed(FailureKind.NAME_TIMEOUT);
      }
    }
  }

  /** One request on one connection: sent, then answered or failed. */
  private final class Try {
    private final OriginConnection connection;
    private final boolean reused;
    private final long sentMillis = client.clock().millis();
    private XnioExecutor.@Nullable Key timer;
    private boolean decided;
    private boolean sent;

    Try(OriginConnection connection, boolean reused) {
      this.connection = connection;
      this.reused = reused;
    }

    void send() {
      connection.filter().expectResponse(request.interim());
      ClientRequest out = new ClientRequest();
      out.setMethod(HttpString.tryFromString(request.method())).setPath(request.target());
      HeaderMap headers = out.getRequestHeaders();
      request.fields().forEach((name, value) -> headers.add(new HttpString(name), value));
      request.body().ifPresent(body -> announce(body, headers));
      if (request.body().isEmpty() && !request.method().equals("GET")) {
        headers.put(Headers.CONTENT_LENGTH, 0L);
      }
      if (request.method().equals("HEAD") || request.method().equals("OPTIONS")) {
        headers.remove(Headers.CONTENT_LENGTH);
      }
      if (request.body().isEmpty()) {
        sent();
      }
      connection
          .client()
          .sendRequest(
              out,
              callback(
                  exchange -> {
                    exchange.setResponseListener(
                        callback(this::answered, e -> broke(FailureKind.RESET)));
                    request.body().ifPresent(body -> pump(body, exchange));
                  },
                  e -> broke(FailureKind.RESET)));
    }

    private void pump(BodySource body, ClientExchange exchange) {
      BodySource own = kept.<BodySource>map(KeptBody::view).orElse(body);
      RequestBodyPump pump =
          new RequestBodyPump(own, exchange.getRequestChannel(), this::sent, this::broke);
      watch(pump, -1);
      pump.start();
    }

    /** Gives up when the body has not moved for one idle time-out. */
    private void watch(RequestBodyPump pump, long before) {
      if (decided || sent) {
        return;
      }
      if (pump.moved() == before) {
        broke(pump.waitsFor());
        return;
      }
      long moved = pump.moved();
      long millis = idleTimeout().toMillis();
      timer = thread.executeAfter(() -> watch(pump, moved), millis, TimeUnit.MILLISECONDS);
    }

    /** The whole request is on its way: now the origin has its time to begin to answer. */
    private void sent() {
      sent = true;
      if (!decided) {
        forgetTimer();
        long own =
            timeout(pool.config().timeouts().responseMillis(), client.config().responseTimeout());
        long millis = left(own);
        FailureKind kind = millis < own ? FailureKind.TOTAL_TIMEOUT : FailureKind.RESPONSE_TIMEOUT;
        timer = thread.executeAfter(() -> broke(kind), millis, TimeUnit.MILLISECONDS);
      }
    }

    private static void announce(BodySource body, HeaderMap headers) {
      if (body.length().isPresent()) {
        headers.put(Headers.CONTENT_LENGTH, body.length().getAsLong());
      } else {
        headers.put(Headers.TRANSFER_ENCODING, "chunked");
      }
    }

    private void answered(ClientExchange exchange) {
      if (decided) {
        return;
      }
      ClientResponse response = exchange.getResponse();
      if (response.getResponseCode() == 100) {
        return;
      }
      if (!OriginAnswers.isSound(response)) {
        broke(FailureKind.BAD_RESPONSE);
        return;
      }
      decide();
      int status = response.getResponseCode();
      Optional<String> retryAfter =
          Optional.ofNullable(response.getResponseHeaders().getFirst(Headers.RETRY_AFTER));
      pool.answered(server, status, retryAfter, micros(), client.clock().millis());
      if (!isAskedElsewhere(status)) {
        deliver(exchange, response);
      }
    }

    /** An answer that another server may better: this one is not read on. */
    private boolean isAskedElsewhere(int status) {
      return pool.isRetried(status)
          && isRepeatable()
          && mayTryAgain()
          && pool.hasOther(tried, client.clock().millis())
          && beginElsewhere();
    }

    private boolean beginElsewhere() {
      // Whoever waits for an attempt of the budget must hold none.
      endRetry();
      return pool.beginRetry(
          thread,
          () -> {
            connection.close();
            endAttempt();
            last = new Fetched.Failed(FailureKind.RESET, pool.url(server).authority());
            again();
          });
    }

    private void deliver(ClientExchange exchange, ClientResponse response) {
      kept.ifPresent(KeptBody::settle);
      ResponseHead head =
          new ResponseHead(
              response.getResponseCode(), OriginAnswers.fields(response.getResponseHeaders()));
      BodySource body =
          new OriginBody(
              exchange.getResponseChannel(),
              thread,
              client.connector().buffers(),
              idleTimeout(),
              OriginAnswers.length(response),
              this::release);
      answer.accept(
          new Fetched.Response(
              head,
              body,
              sentMillis,
              client.clock().millis(),
              pool.setCookie(server, request.fields())));
    }

    private Duration idleTimeout() {
      long millis = pool.config().timeouts().idleMillis();
      return millis > 0 ? Duration.ofMillis(millis) : client.config().idleTimeout();
    }

    /** After the body: keeps the connection or closes it. */
    private void release(boolean whole) {
      endAttempt();
      pool.endRequest();
      // Answered before the request was read: what is left of it would stand in the next one's way.
      if (!whole || !sent || !connection.isOpen()) {
        connection.close();
        return;
      }
      OriginClient.IdleConnections idle = client.idle(thread);
      ServerState state = pool.server(server);
      idle.keep(state, connection);
      long keepAlive = client.config().keepAlive().toMillis();
      thread.executeAfter(() -> idle.expire(state), keepAlive + 1, TimeUnit.MILLISECONDS);
    }

    private void broke(FailureKind kind) {
      if (decided) {
        connection.close();
        return;
      }
      decide();
      connection.close();
      if (kind == FailureKind.RESET && reused && isRepeatable()) {
        // Closed by the server between two requests: that is no failure of the server.
        freshOnly = true;
        OriginFetch.this.connect();
      } else if (isRepeatable()) {
        failed(kind);
      } else {
        if (kind.isOfServer()) {
          pool.failed(server, micros(), client.clock().millis());
        }
        endAttempt();
        last = new Fetched.Failed(client.failed(kind), pool.url(server).authority());
        giveUp();
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

  private static <T> ClientCallback<T> callback(Consumer<T> done, Consumer<IOException> failed) {
    return new ClientCallback<>() {
      @Override
      public void completed(T result) {
        done.accept(result);
      }

      @Override
      public void failed(IOException e) {
        failed.accept(e);
      }
    };
  }
}
