package dev.perigee.edge.origin;

import dev.perigee.contract.OriginUrl;
import dev.perigee.edge.origin.OriginClient.OriginConnection;
import dev.perigee.edge.origin.pool.Breaker;
import dev.perigee.edge.origin.pool.ServerPool;
import io.undertow.UndertowOptions;
import io.undertow.client.http.OriginConnections;
import io.undertow.connector.ByteBufferPool;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.xnio.IoFuture;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;
import org.xnio.conduits.ConduitStreamSourceChannel;
import org.xnio.ssl.SslConnection;

/**
 * Opens connections to origin servers, to addresses that are resolved already. TLS is always
 * verified, against the server's name.
 */
final class OriginConnector {
  private final OriginConfig config;
  private final SSLContext tls;
  private final ByteBufferPool buffers;
  private final AtomicInteger open = new AtomicInteger();

  OriginConnector(OriginConfig config, SSLContext tls, ByteBufferPool buffers) {
    this.config = config;
    this.tls = tls;
    this.buffers = buffers;
  }

  ByteBufferPool buffers() {
    return buffers;
  }

  int openConnections() {
    return open.get();
  }

  /** Whether this node may connect to the address: no private ones unless allowed. */
  boolean mayConnect(InetAddress address) {
    return config.mayConnect(address);
  }

  /**
   * Opens one connection; the answer comes once, on the thread.
   *
   * @param pool in which it counts
   * @param millis for connection and handshake
   */
  void connect(
      XnioIoThread thread,
      ServerPool pool,
      OriginUrl server,
      InetAddress address,
      long millis,
      Answer answer) {
    if (open.incrementAndGet() > config.maxConnections()) {
      open.decrementAndGet();
      answer.failed(FailureKind.BUSY);
      return;
    }
    Breaker breaker = pool.beginConnection();
    if (breaker != Breaker.CLOSED) {
      open.decrementAndGet();
      answer.failed(FailureKind.of(breaker));
      return;
    }
    new Attempt(thread, pool, server, answer)
        .begin(new InetSocketAddress(address, server.port()), millis);
  }

  /** Takes what became of an attempt. */
  interface Answer {
    void connected(OriginConnection connection);

    void failed(FailureKind kind);
  }

  /** One attempt: connecting, then done; a time-out ends it wherever it is. */
  private final class Attempt {
    private final XnioIoThread thread;
    private final ServerPool pool;
    private final OriginUrl server;
    private final Answer answer;
    private XnioExecutor.@org.jspecify.annotations.Nullable Key timer;
    private @org.jspecify.annotations.Nullable IoFuture<StreamConnection> connecting;
    private boolean done;

    Attempt(XnioIoThread thread, ServerPool pool, OriginUrl server, Answer answer) {
      this.thread = thread;
      this.pool = pool;
      this.server = server;
      this.answer = answer;
    }

    void begin(InetSocketAddress address, long millis) {
      timer = thread.executeAfter(this::timedOut, millis, TimeUnit.MILLISECONDS);
      IoFuture<StreamConnection> future =
          thread.openStreamConnection(
              address, this::opened, OptionMap.create(Options.TCP_NODELAY, true));
      connecting = future;
      future.addNotifier(
          (ended, nothing) -> {
            if (ended.getStatus() == IoFuture.Status.FAILED) {
              thread.execute(() -> fail(kindOf(ended.getException())));
            }
          },
          null);
    }

    private void opened(StreamConnection connection) {
      if (done) {
        org.xnio.IoUtils.safeClose(connection);
        return;
      }
      connection.getCloseSetter().set(closed -> {});
      if (server.scheme().equals("http")) {
        succeed(connection);
      } else {
        handshake(connection);
      }
    }

    private void handshake(StreamConnection plain) {
      OptionMap options =
          OptionMap.builder()
              .set(Options.SSL_PEER_HOST_NAME, server.host())
              .set(Options.SSL_PEER_PORT, server.port())
              .set(UndertowOptions.SSL_SNI_HOSTNAME, server.host())
              .set(UndertowOptions.ENDPOINT_IDENTIFICATION_ALGORITHM, "HTTPS")
              .set(Options.SSL_STARTTLS, true)
              .getMap();
      UndertowXnioSsl ssl = new UndertowXnioSsl(Xnio.getInstance(), options, buffers, tls);
      SslConnection secured = ssl.wrapExistingConnection(plain, options, true);
      secured.getHandshakeSetter().set(connection -> succeed(connection));
      secured
          .getCloseSetter()
          .set(
              connection -> {
                if (!done) {
                  fail(FailureKind.TLS);
                }
              });
      try {
        secured.startHandshake();
        ConduitStreamSourceChannel source = secured.getSourceChannel();
        source.setReadListener(channel -> continueHandshake(secured));
        source.resumeReads();
        secured.getSinkChannel().wakeupWrites();
        continueHandshake(secured);
      } catch (IOException e) {
        org.xnio.IoUtils.safeClose(secured);
        fail(FailureKind.TLS);
      }
    }

    /** Reading nothing drives the engine; a refused certificate shows as an exception here. */
    private void continueHandshake(SslConnection secured) {
      try {
        secured.getSourceChannel().read(java.nio.ByteBuffer.allocate(0));
        secured.getSinkChannel().flush();
      } catch (IOException e) {
        org.xnio.IoUtils.safeClose(secured);
        fail(FailureKind.TLS);
      }
    }

    private void succeed(StreamConnection connection) {
      if (done) {
        org.xnio.IoUtils.safeClose(connection);
        return;
      }
      end();
      ConduitStreamSourceChannel source = connection.getSourceChannel();
      source.setReadListener(null);
      source.suspendReads();
      InterimFilter filter = new InterimFilter(source.getConduit());
      source.setConduit(filter);
      OptionMap options = OptionMap.create(UndertowOptions.ENABLE_HTTP2, false);
      var client = OriginConnections.http1(connection, options, buffers);
      client.addCloseListener(closed -> closed());
      answer.connected(new OriginConnection(client, filter));
    }

    private void timedOut() {
      IoFuture<StreamConnection> future = connecting;
      if (future != null) {
        future.cancel();
      }
      fail(FailureKind.CONNECT_TIMEOUT);
    }

    private void fail(FailureKind kind) {
      if (done) {
        return;
      }
      end();
      closed();
      answer.failed(kind);
    }

    private void closed() {
      open.decrementAndGet();
      pool.endConnection();
    }

    private void end() {
      done = true;
      XnioExecutor.Key key = timer;
      if (key != null) {
        key.remove();
      }
    }

    private static FailureKind kindOf(IOException problem) {
      return switch (problem) {
        case SSLException e -> FailureKind.TLS;
        case ConnectException e -> FailureKind.CONNECT_REFUSED;
        default -> FailureKind.CONNECT_REFUSED;
      };
    }
  }
}
