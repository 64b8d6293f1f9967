package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginTransport.MinimumTls;
import dev.perigee.contract.OriginUrl;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.config.TestAuthority.Issued;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a pool's servers are spoken to: names, authorities, certificates, versions, PROXY. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class OriginTransportIT {
  @TempDir Path directory;
  private final TestAuthority authority = new TestAuthority();
  private final Queue<String> seen = new ConcurrentLinkedQueue<>();

  /** A server with a certificate for the name, that tells of each connection what it sees. */
  private ServerSocket serve(String name, String[] protocols, boolean asksForCertificate)
      throws Exception {
    SSLServerSocket server =
        (SSLServerSocket)
            context(authority.server("EC", name))
                .getServerSocketFactory()
                .createServerSocket(0, 16, InetAddress.getLoopbackAddress());
    server.setEnabledProtocols(protocols);
    server.setNeedClientAuth(asksForCertificate);
    accept(server);
    return server;
  }

  private SSLContext context(Issued issued) throws Exception {
    KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
    keys.load(null, null);
    keys.setKeyEntry("it", issued.key(), new char[0], new Certificate[] {issued.certificate()});
    KeyManagerFactory manager =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    manager.init(keys, new char[0]);
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", authority.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(manager.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private void accept(ServerSocket server) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                while (true) {
                  Socket socket = server.accept();
                  Thread.ofVirtual().start(() -> answer(socket));
                }
              } catch (IOException e) {
                // The test is over.
                return;
              }
            });
  }

  private void answer(Socket socket) {
    try (socket) {
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n", head.indexOf("HTTP/1.1") + 1) < 0
          || head.indexOf("HTTP/1.1") < 0) {
        int next = socket.getInputStream().read();
        if (next < 0) {
          return;
        }
        head.append((char) next);
      }
      if (socket instanceof SSLSocket tls) {
        SSLSession session = tls.getSession();
        seen.add("names " + ((ExtendedSSLSession) session).getRequestedServerNames());
        if (tls.getNeedClientAuth()) {
          seen.add("peer " + session.getPeerPrincipal());
        }
      }
      seen.add(head.toString());
      String answer = "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nok";
      socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      seen.add("failed");
    }
  }

  private static OriginTransport transport(String serverName, String host, MinimumTls minimum) {
    return new OriginTransport(
        serverName, host, List.of(), List.of(), Optional.empty(), minimum, false, 0);
  }

  private Response get(ServerSocket server, OriginTransport transport) throws Exception {
    boolean tls = server instanceof SSLServerSocket;
    OriginUrl url = new OriginUrl(tls ? "https" : "http", "127.0.0.1", server.getLocalPort());
    try (TransportEdge edge = new TransportEdge(directory, authority, transport, url)) {
      return RawClient.get(edge.port(), "/a");
    }
  }

  private static void assertRefused(Response response) {
    assertEquals(502, response.status());
    assertTrue(response.cacheStatus().contains("origin-tls"), response.cacheStatus());
  }

  private static final String[] BOTH = {"TLSv1.3", "TLSv1.2"};

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void theServersNameAndHostAreThoseOfThePool(String version) throws Exception {
    try (ServerSocket server = serve("origin.example", new String[] {version}, false)) {
      OriginTransport named = transport("origin.example", "backend.example", MinimumTls.TLS_1_2);
      assertEquals("ok", get(server, TransportEdge.trusting(authority, named)).body());
    }
    assertTrue(seen.remove().contains("value=origin.example"), "SNI");
    assertTrue(seen.remove().contains("\r\nHost: backend.example\r\n"));
  }

  @Test
  void aCertificateOfAnotherNameIsRefused() throws Exception {
    try (ServerSocket server = serve("other.example", BOTH, false)) {
      OriginTransport named = transport("origin.example", "", MinimumTls.TLS_1_2);
      assertRefused(get(server, TransportEdge.trusting(authority, named)));
    }
  }

  @Test
  void anAuthorityThatNobodyNamedIsNotBelieved() throws Exception {
    try (ServerSocket server = serve("origin.example", BOTH, false)) {
      assertRefused(get(server, transport("origin.example", "", MinimumTls.TLS_1_2)));
    }
  }

  @Test
  void aServerBelowTheMinimumVersionIsRefused() throws Exception {
    try (ServerSocket server = serve("origin.example", new String[] {"TLSv1.2"}, false)) {
      OriginTransport strict = transport("origin.example", "", MinimumTls.TLS_1_3);
      assertRefused(get(server, TransportEdge.trusting(authority, strict)));
    }
  }

  @Test
  void theNodesCertificateIsSentWhereTheServerAsksForIt() throws Exception {
    Issued own = authority.node("edge-1");
    OriginTransport trusting =
        TransportEdge.trusting(authority, transport("origin.example", "", MinimumTls.TLS_1_2));
    OriginTransport certified =
        new OriginTransport(
            trusting.serverName(),
            "",
            trusting.trustedCas(),
            List.of(Bytes.copyOf(own.certificate().getEncoded())),
            Optional.of(Bytes.copyOf(own.key().getEncoded())),
            MinimumTls.TLS_1_2,
            false,
            0);
    try (ServerSocket server = serve("origin.example", BOTH, true)) {
      assertEquals("ok", get(server, certified).body());
      assertTrue(seen.stream().anyMatch(line -> line.equals("peer CN=edge-1")), seen.toString());
    }
  }

  @Test
  void aServerThatAsksForACertificateGetsNoneWhereThereIsNone() throws Exception {
    OriginTransport trusting =
        TransportEdge.trusting(authority, transport("origin.example", "", MinimumTls.TLS_1_2));
    try (ServerSocket server = serve("origin.example", BOTH, true)) {
      assertEquals(502, get(server, trusting).status());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void theProxyProtocolNamesTheReaderBeforeAnythingElse(int version) throws Exception {
    OriginTransport proxied =
        new OriginTransport(
            "", "", List.of(), List.of(), Optional.empty(), MinimumTls.TLS_1_2, false, version);
    try (ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      accept(server);
      assertEquals("ok", get(server, proxied).body());
      String all = seen.remove();
      String port = Integer.toString(server.getLocalPort());
      if (version == 1) {
        assertTrue(all.startsWith("PROXY TCP4 127.0.0.1 127.0.0.1 0 " + port + "\r\nGET "), all);
      } else {
        assertTrue(all.startsWith("\r\n\r\n\0\r\nQUIT\n!\u0011\0\u000c\u007f\0\0\u0001"), all);
        assertEquals("GET ", all.substring(28, 32));
      }
    }
  }
}
