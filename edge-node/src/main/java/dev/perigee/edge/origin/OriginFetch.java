package dev.perigee.edge.origin;

import dev.perigee.contract.OriginUrl;
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
  private boolean waited;
  private boolean opening;

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
      Optional<OriginConnection> kept = client.idle(thread).take(peer(server));
      if (kept.isPresent()) {
        ask(server, kept.get(), true);
        return;
      }
    }
    boolean mayShare = request.transport().http2() && !freshOnly && !waited;
    if (mayShare && client.idle(thread).isOpening(peer(server), () -> askAfterWaiting(server))) {
      return;
    }
    opening = mayShare;
    new Resolving(server).begin();
  }

  /** The connection that was being opened is there to be shared, or each goes its own way. */
  private void askAfterWaiting(OriginUrl server) {
    waited = true;
    ask(server);
  }

  private void opened(OriginUrl server) {
    if (opening) {
      opening = false;
      client.idle(thread).opened(peer(server));
    }
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
            peer(server),
            address,
            new OriginConnector.Answer() {
              @Override
              public void connected(OriginConnection connection) {
                ask(server, connection, false);
                opened(server);
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
    opened(server);
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

  private OriginPeer peer(OriginUrl server) {
    return OriginPeer.of(server, request.transport(), request.client());
  }

  /** Asks on a connection, one that was kept or a new one. */
  private void ask(OriginUrl server, OriginConnection connection, boolean kept) {
    new OriginTry(
            client,
            thread,
            request.withHost(request.transport().host()),
            peer(server),
            connection,
            new OriginTry.Outcome() {
              @Override
              public void answered(Fetched fetched) {
                answer.accept(fetched);
              }

              @Override
              public void failed(FailureKind kind, OriginTry.Damage damage) {
                tried(server, kept, kind, damage);
              }
            })
        .send();
  }

  /** Decides what follows a try that brought no answer. */
  private void tried(OriginUrl server, boolean kept, FailureKind kind, OriginTry.Damage damage) {
    boolean again =
        switch (damage) {
          case NONE -> true;
          case UNKNOWN -> request.isRepeatable();
          case DONE -> false;
        };
    boolean same = !freshOnly && (kept || damage == OriginTry.Damage.NONE);
    if (again && same && kind == FailureKind.RESET) {
      // Closed by the server between two requests, or not begun: that is no failure of the server.
      freshOnly = true;
      ask(server);
    } else if (again && kind != FailureKind.RESPONSE_TIMEOUT) {
      failed(kind, server);
    } else {
      answer.accept(new Fetched.Failed(kind, server.authority()));
    }
  }
}
