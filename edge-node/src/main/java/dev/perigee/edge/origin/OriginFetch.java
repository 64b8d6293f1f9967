package dev.perigee.edge.origin;

import dev.perigee.contract.OriginUrl;
import dev.perigee.edge.origin.OriginClient.OriginConnection;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import io.undertow.client.ClientCallback;
import io.undertow.client.ClientExchange;
import io.undertow.client.ClientRequest;
import io.undertow.client.ClientResponse;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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
  private final OriginClient client;
  private final XnioIoThread thread;
  private final FetchRequest request;
  private final Iterator<OriginUrl> servers;
  private final Consumer<Fetched> answer;
  private Fetched.Failed last = new Fetched.Failed(FailureKind.NAME, "");
  private boolean freshOnly;

  OriginFetch(
      OriginClient client,
      XnioIoThread thread,
      FetchRequest request,
      List<OriginUrl> servers,
      Consumer<Fetched> answer) {
    this.client = client;
    this.thread = thread;
    this.request = request;
    this.servers = servers.iterator();
    this.answer = answer;
  }

  /** Asks the next server, or gives up with the last failure. */
  void next() {
    if (servers.hasNext()) {
      freshOnly = false;
      ask(servers.next());
    } else {
      answer.accept(last);
    }
  }

  private void ask(OriginUrl server) {
    if (!freshOnly) {
      Optional<OriginConnection> kept = client.idle(thread).take(server);
      if (kept.isPresent()) {
        new Try(server, kept.get(), true).send();
        return;
      }
    }
    new Resolving(server).begin();
  }

  private void connect(OriginUrl server, List<InetAddress> addresses) {
    List<InetAddress> allowed = new ArrayList<>();
    addresses.stream().filter(client.connector()::mayConnect).forEach(allowed::add);
    if (allowed.isEmpty()) {
      FailureKind kind = addresses.isEmpty() ? FailureKind.NAME : FailureKind.FORBIDDEN_ADDRESS;
      failed(kind, server);
      return;
    }
    connectTo(server, allowed.iterator());
  }

  private void connectTo(OriginUrl server, Iterator<InetAddress> addresses) {
    InetAddress address = addresses.next();
    client
        .connector()
        .connect(
            thread,
            server,
            address,
            new OriginConnector.Answer() {
              @Override
              public void connected(OriginConnection connection) {
                new Try(server, connection, false).send();
              }

              @Override
              public void failed(FailureKind kind) {
                if (addresses.hasNext() && kind != FailureKind.BUSY) {
                  connectTo(server, addresses);
                } else {
                  OriginFetch.this.failed(kind, server);
                }
              }
            });
  }

  /** Nothing was sent to this server, or the request is repeatable: the next one may be asked. */
  private void failed(FailureKind kind, OriginUrl server) {
    last = new Fetched.Failed(kind, server.authority());
    next();
  }

  /** One look-up: answered or given up, whichever comes first. */
  private final class Resolving {
    private final OriginUrl server;
    private XnioExecutor.@Nullable Key timer;
    private boolean done;

    Resolving(OriginUrl server) {
      this.server = server;
    }

    void begin() {
      client.resolver().resolve(server.host(), thread, this::found);
      if (!done) {
        long millis = client.config().connectTimeout().toMillis();
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
        connect(server, addresses);
      }
    }

    private void timedOut() {
      if (!done) {
        done = true;
        failed(FailureKind.NAME_TIMEOUT, server);
      }
    }
  }

  /** One request on one connection: sent, then answered or failed. */
  private final class Try {
    private final OriginUrl server;
    private final OriginConnection connection;
    private final boolean reused;
    private final long sentMillis = client.clock().millis();
    private XnioExecutor.@Nullable Key timer;
    private boolean decided;
    private boolean sent;

    Try(OriginUrl server, OriginConnection connection, boolean reused) {
      this.server = server;
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
      RequestBodyPump pump =
          new RequestBodyPump(body, exchange.getRequestChannel(), this::sent, this::broke);
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
      long millis = client.config().idleTimeout().toMillis();
      timer = thread.executeAfter(() -> watch(pump, moved), millis, TimeUnit.MILLISECONDS);
    }

    /** The whole request is on its way: now the origin has its time to begin to answer. */
    private void sent() {
      sent = true;
      if (!decided) {
        forgetTimer();
        long millis = client.config().responseTimeout().toMillis();
        timer =
            thread.executeAfter(
                () -> broke(FailureKind.RESPONSE_TIMEOUT), millis, TimeUnit.MILLISECONDS);
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
      if (!isSound(response)) {
        broke(FailureKind.BAD_RESPONSE);
        return;
      }
      decide();
      ResponseHead head =
          new ResponseHead(response.getResponseCode(), fields(response.getResponseHeaders()));
      BodySource body =
          new OriginBody(
              exchange.getResponseChannel(),
              thread,
              client.connector().buffers(),
              client.config().idleTimeout(),
              length(response),
              this::release);
      answer.accept(new Fetched.Response(head, body, sentMillis, client.clock().millis()));
    }

    /** After the body: keeps the connection or closes it. */
    private void release(boolean whole) {
      // Answered before the request was read: what is left of it would stand in the next one's way.
      if (!whole || !sent || !connection.isOpen()) {
        connection.close();
        return;
      }
      OriginClient.IdleConnections idle = client.idle(thread);
      idle.keep(server, connection);
      long keepAlive = client.config().keepAlive().toMillis();
      thread.executeAfter(() -> idle.expire(server), keepAlive + 1, TimeUnit.MILLISECONDS);
    }

    private void broke(FailureKind kind) {
      if (decided) {
        connection.close();
        return;
      }
      decide();
      connection.close();
      if (kind == FailureKind.RESET && reused && request.isRepeatable()) {
        // Closed by the server between two requests: that is no failure of the server.
        freshOnly = true;
        ask(server);
      } else if (request.isRepeatable() && kind != FailureKind.RESPONSE_TIMEOUT) {
        failed(kind, server);
      } else {
        answer.accept(new Fetched.Failed(kind, server.authority()));
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

  /** What RFC 9112, section 6.3 lets a client believe about the length of the body. */
  private static boolean isSound(ClientResponse response) {
    HeaderMap headers = response.getResponseHeaders();
    HeaderValues encodings = headers.get(Headers.TRANSFER_ENCODING);
    HeaderValues lengths = headers.get(Headers.CONTENT_LENGTH);
    int status = response.getResponseCode();
    boolean statusOk = status >= 200 && status <= 599;
    if (encodings != null) {
      boolean chunked = encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked");
      return statusOk && chunked && lengths == null;
    }
    boolean lengthOk =
        lengths == null || (lengths.size() == 1 && lengths.getFirst().matches("[0-9]{1,18}"));
    return statusOk && lengthOk;
  }

  private static OptionalLong length(ClientResponse response) {
    String text = response.getResponseHeaders().getFirst(Headers.CONTENT_LENGTH);
    return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
  }

  private static FieldList fields(HeaderMap headers) {
    FieldList.Builder out = FieldList.builder();
    for (HeaderValues values : headers) {
      String name = values.getHeaderName().toString();
      values.forEach(value -> out.add(name, DateSpaces.restored(name, value)));
    }
    return OriginFields.response(out.build());
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
