package dev.perigee.edge.origin;

import dev.perigee.contract.OriginUrl;
import io.undertow.UndertowOptions;
import io.undertow.client.http.OriginConnections;
import io.undertow.connector.ByteBufferPool;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
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
  /** A whole TLS record: in less a large one would never be complete, and be read for ever. */
  private static final int RECORD_BUFFER = 17 * 1024;

  private final OriginConfig config;
  private final SSLContext tls;
  private final ByteBufferPool buffers;
  private final ByteBufferPool records = new DefaultByteBufferPool(true, RECORD_BUFFER);
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
    if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
      return false;
    }
    return config.allowPrivate() || !isPrivate(address);
  }

  private static boolean isPrivate(InetAddress address) {
    boolean uniqueLocal =
        address instanceof Inet6Address && (address.getAddress()[0] & 0xfe) == 0xfc;
    byte[] octets = address.getAddress();
    boolean shared =
        octets.length == 4 && (octets[0] & 0xff) == 100 && (octets[1] & 0xc0) == 64; // RFC 6598
    return address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || uniqueLocal
        || shared;
  }

  /** Opens one connection; the answer comes once, on the thread. */
  void connect(XnioIoThread thread, OriginUrl server, InetAddress address, Answer answer) {
    if (open.incrementAndGet() > config.maxConnections()) {
      open.decrementAndGet();
      answer.failed(FailureKind.BUSY);
      return;
    }
    new Attempt(thread, server, answer).begin(new InetSocketAddress(address, server.port()));
  }

  /** Takes what became of an attempt. */
  interface Answer {
    void connected(OriginConnection connection);

    void failed(FailureKind kind);
  }

  /** One attempt: connecting, then done; a time-out ends it wherever it is. */
  private final class Attempt {
    private final XnioIoThread thread;
    private final OriginUrl server;
    private final Answer answer;
    private XnioExecutor.@org.jspecify.annotations.Nullable Key timer;
    private @org.jspecify.annotations.Nullable IoFuture<StreamConnection> connecting;
    private boolean done;

    Attempt(XnioIoThread thread, OriginUrl server, Answer answer) {
      this.thread = thread;
      this.server = server;
      this.answer = answer;
    }

    void begin(InetSocketAddress address) {
      timer =
          thread.executeAfter(
              this::timedOut, config.connectTimeout().toMillis(), TimeUnit.MILLISECONDS);
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
      UndertowXnioSsl ssl = new UndertowXnioSsl(Xnio.getInstance(), options, records, tls);
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
      ResponseFilter filter = new ResponseFilter(source.getConduit());
      source.setConduit(filter);
      OptionMap options = OptionMap.create(UndertowOptions.ENABLE_HTTP2, false);
      var client = OriginConnections.http1(connection, options, buffers);
      client.addCloseListener(closed -> open.decrementAndGet());
      answer.connected(new Http1Connection(client, filter, buffers));
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
      open.decrementAndGet();
      answer.failed(kind);
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
