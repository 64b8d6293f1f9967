package dev.perigee.edge.origin;

import dev.perigee.edge.origin.pool.Breaker;
import dev.perigee.edge.origin.pool.ServerPool;
import io.undertow.UndertowOptions;
import io.undertow.client.http.OriginConnections;
import io.undertow.connector.ByteBufferPool;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.xnio.IoFuture;
import org.xnio.IoUtils;
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
  /** A whole TLS record: in less a large one would never be complete, and be read for ever. */
  private static final int RECORD_BUFFER = 17 * 1024;

  /** What a socket may hold of a body, so that it takes one call; held for that call only. */
  private static final int BODY_BUFFER = 64 * 1024;

  private final OriginConfig config;
  private final OriginTls tls;
  private final ByteBufferPool buffers;
  private final ByteBufferPool bodies = new DefaultByteBufferPool(true, BODY_BUFFER);
  private final ByteBufferPool records = new DefaultByteBufferPool(true, RECORD_BUFFER);
  private final AtomicInteger open = new AtomicInteger();

  OriginConnector(OriginConfig config, OriginTls tls, ByteBufferPool buffers) {
    this.config = config;
    this.tls = tls;
    this.buffers = buffers;
  }

  int openConnections() {
    return open.get();
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
      OriginPeer peer,
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
    new Attempt(thread, pool, peer, answer)
        .begin(new InetSocketAddress(address, peer.url().port()), millis);
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
    private final OriginPeer peer;
    private final Answer answer;
    private XnioExecutor.@Nullable Key timer;
    private @Nullable IoFuture<StreamConnection> connecting;
    private @Nullable StreamConnection opened;
    private boolean done;

    Attempt(XnioIoThread thread, ServerPool pool, OriginPeer peer, Answer answer) {
      this.thread = thread;
      this.pool = pool;
      this.peer = peer;
      this.answer = answer;
    }

    void begin(InetSocketAddress address, long millis) {
      timer = thread.executeAfter(this::timedOut, millis, TimeUnit.MILLISECONDS);
      IoFuture<StreamConnection> future =
          thread.openStreamConnection(
              address,
              connection -> opened(connection, address),
              OptionMap.create(Options.TCP_NODELAY, true));
      connecting = future;
      future.addNotifier(
          (ended, nothing) -> {
            if (ended.getStatus() == IoFuture.Status.FAILED) {
              thread.execute(() -> fail(kindOf(ended.getException())));
            }
          },
          null);
    }

    private void opened(StreamConnection connection, InetSocketAddress address) {
      if (done) {
        IoUtils.safeClose(connection);
        return;
      }
      opened = connection;
      connection.getCloseSetter().set(closed -> {});
      try {
        announce(connection, address);
      } catch (IOException e) {
        fail(FailureKind.CONNECT_REFUSED);
        return;
      }
      if (peer.url().scheme().equals("http")) {
        succeed(connection, peer.transport().http2());
      } else {
        handshake(connection);
      }
    }

    /** A new connection takes these few bytes at once. */
    private void announce(StreamConnection connection, InetSocketAddress address)
        throws IOException {
      int version = peer.transport().proxyProtocol();
      if (version > 0) {
        ByteBuffer header = ProxyHeader.of(version, peer.client(), address);
        connection.getSinkChannel().write(header);
        if (header.hasRemaining()) {
          throw new IOException("a new connection takes nothing");
        }
      }
    }

    private void handshake(StreamConnection plain) {
      Optional<SSLContext> context = tls.context(peer.transport());
      if (context.isEmpty()) {
        fail(FailureKind.TLS);
        return;
      }
      OptionMap options =
          OptionMap.builder()
              .set(Options.SSL_PEER_HOST_NAME, peer.serverName())
              .set(Options.SSL_PEER_PORT, peer.url().port())
              .set(Options.SSL_STARTTLS, true)
              .getMap();
      UndertowXnioSsl ssl =
          new UndertowXnioSsl(Xnio.getInstance(), options, records, context.get());
      SslConnection secured = ssl.wrapExistingConnection(plain, options, true);
      SSLEngine engine = UndertowXnioSsl.getSslEngine(secured);
      engine.setSSLParameters(peer.parameters(engine.getSSLParameters()));
      secured
          .getHandshakeSetter()
          .set(
              // Not from within: the engine's conduit is in the middle of a step.
              connection ->
                  thread.execute(
                      () -> succeed(connection, "h2".equals(engine.getApplicationProtocol()))));
      secured.getCloseSetter().set(connection -> fail(FailureKind.TLS));
      try {
        secured.startHandshake();
        ConduitStreamSourceChannel source = secured.getSourceChannel();
        source.setReadListener(channel -> continueHandshake(secured));
        source.resumeReads();
        secured.getSinkChannel().wakeupWrites();
        continueHandshake(secured);
      } catch (IOException e) {
        IoUtils.safeClose(secured);
        fail(FailureKind.TLS);
      }
    }

    /** Reading nothing drives the engine; a refused certificate shows as an exception here. */
    private void continueHandshake(SslConnection secured) {
      try {
        secured.getSourceChannel().read(ByteBuffer.allocate(0));
        secured.getSinkChannel().flush();
      } catch (IOException e) {
        IoUtils.safeClose(secured);
        fail(FailureKind.TLS);
      }
    }

    private void succeed(StreamConnection connection, boolean http2) {
      if (done) {
        IoUtils.safeClose(connection);
        return;
      }
      end();
      ConduitStreamSourceChannel source = connection.getSourceChannel();
      source.setReadListener(null);
      source.suspendReads();
      if (http2) {
        connection.getCloseSetter().set(closed -> {});
        answer.connected(
            new Http2Connection(connection, buffers, peer.url().scheme(), this::closed));
        return;
      }
      ResponseFilter filter = new ResponseFilter(source.getConduit());
      source.setConduit(filter);
      OptionMap options = OptionMap.create(UndertowOptions.ENABLE_HTTP2, false);
      var client = OriginConnections.http1(connection, options, buffers);
      client.addCloseListener(nothing -> closed());
      answer.connected(new Http1Connection(connection, client, filter, buffers, bodies));
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
      IoUtils.safeClose(opened);
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
