package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.table.HashTrie;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Both TLS engines under Undertow's HTTPS listener, with real clients. */
class ServerTlsIT {
  private static final int BIG = 20 << 20;

  private final TestAuthority authority = new TestAuthority();
  private final List<Undertow> running = new ArrayList<>();
  private ServerTls tls = new ServerTls(TlsEngine.JDK);
  private int port;

  ServerTlsIT() throws GeneralSecurityException {}

  @AfterEach
  void stop() {
    running.forEach(Undertow::stop);
  }

  @ParameterizedTest
  @EnumSource(value = TlsEngine.class, mode = Mode.EXCLUDE, names = "AUTO")
  void http1AndHttp2CarryLargeBodiesBothWays(TlsEngine engine) throws Exception {
    serve(engine);
    tls.swap(
        HashTrie.of(
            List.of(authority.server("EC", "localhost").config("localhost")),
            CertificateConfig::id));
    byte[] body = new byte[BIG];
    Arrays.fill(body, (byte) 'x');
    for (HttpClient.Version version :
        List.of(HttpClient.Version.HTTP_1_1, HttpClient.Version.HTTP_2)) {
      try (HttpClient client =
          HttpClient.newBuilder().version(version).sslContext(authority.trusting()).build()) {
        HttpRequest get = HttpRequest.newBuilder(uri("/big")).build();
        HttpResponse<byte[]> got = client.send(get, HttpResponse.BodyHandlers.ofByteArray());
        assertEquals(version, got.version());
        assertTrue(Arrays.equals(body, got.body()));
        HttpRequest post =
            HttpRequest.newBuilder(uri("/count"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        assertEquals(
            Integer.toString(BIG), client.send(post, HttpResponse.BodyHandlers.ofString()).body());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = TlsEngine.class, mode = Mode.EXCLUDE, names = "AUTO")
  void theServerNameChoosesTheCertificateOnBothVersions(TlsEngine engine) throws Exception {
    serve(engine);
    var exact = authority.server("EC", "www.shop.example");
    var wildcard = authority.server("RSA", "*.shop.example");
    tls.swap(
        HashTrie.of(
            List.of(exact.config("www.shop.example"), wildcard.config("*.shop.example")),
            CertificateConfig::id));
    for (String version : List.of("TLSv1.3", "TLSv1.2")) {
      assertEquals(exact.certificate(), leaf("www.shop.example", version, ""));
      assertEquals(wildcard.certificate(), leaf("img.shop.example", version, ""));
      assertEquals(exact.certificate(), leaf("WWW.Shop.Example", version, ""));
    }
  }

  @ParameterizedTest
  @EnumSource(value = TlsEngine.class, mode = Mode.EXCLUDE, names = "AUTO")
  void aNameWithoutCertificateIsRefusedAndCounted(TlsEngine engine) throws Exception {
    serve(engine);
    tls.swap(
        HashTrie.of(
            List.of(authority.server("EC", "*.shop.example").config("*.shop.example")),
            CertificateConfig::id));
    for (String name : List.of("other.example", "a.b.shop.example", "shop.example")) {
      SSLException refused = assertThrows(SSLException.class, () -> leaf(name, "TLSv1.3", ""));
      assertTrue(String.valueOf(refused.getMessage()).contains("unrecognized_name"), name);
    }
    assertEquals(3, tls.unrecognizedNames());
  }

  @ParameterizedTest
  @EnumSource(value = TlsEngine.class, mode = Mode.EXCLUDE, names = "AUTO")
  void clientsThatKnowOnlyRsaGetTheRsaCertificateOfAName(TlsEngine engine) throws Exception {
    serve(engine);
    var rsa = authority.server("RSA", "www.shop.example");
    var ec = authority.server("EC", "www.shop.example");
    tls.swap(
        HashTrie.of(
            List.of(rsa.config("www.shop.example"), ec.config("www.shop.example")),
            CertificateConfig::id));
    assertEquals(
        rsa.certificate(),
        leaf("www.shop.example", "TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assertEquals(
        ec.certificate(),
        leaf("www.shop.example", "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
  }

  @ParameterizedTest
  @EnumSource(value = TlsEngine.class, mode = Mode.EXCLUDE, names = "AUTO")
  void aNewCertificateIsServedWithoutARestartWhileOldConnectionsRun(TlsEngine engine)
      throws Exception {
    serve(engine);
    var first = authority.server("EC", "www.shop.example");
    tls.swap(HashTrie.of(List.of(first.config("www.shop.example")), CertificateConfig::id));
    try (SSLSocket kept = connect("www.shop.example", "TLSv1.3", "")) {
      assertEquals("HTTP/1.1 200 OK", get(kept));
      var second = authority.server("EC", "www.shop.example");
      tls.swap(HashTrie.of(List.of(second.config("www.shop.example")), CertificateConfig::id));
      assertEquals(second.certificate(), leaf("www.shop.example", "TLSv1.3", ""));
      assertEquals("HTTP/1.1 200 OK", get(kept));
    }
  }

  private void serve(TlsEngine engine) throws GeneralSecurityException {
    tls = new ServerTls(engine);
    Undertow server =
        Undertow.builder()
            .setIoThreads(2)
            .setWorkerThreads(2)
            .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, -1L)
            .addHttpsListener(0, "127.0.0.1", tls.context())
            .setHandler(ServerTlsIT::answer)
            .build();
    server.start();
    running.add(server);
    port = ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
  }

  private static void answer(HttpServerExchange exchange) {
    switch (exchange.getRequestPath()) {
      case "/big" -> {
        byte[] body = new byte[BIG];
        Arrays.fill(body, (byte) 'x');
        exchange.getResponseSender().send(ByteBuffer.wrap(body));
      }
      case "/count" -> exchange.dispatch(new BlockingHandler(ServerTlsIT::count));
      default -> exchange.getResponseSender().send("ok");
    }
  }

  private static void count(HttpServerExchange exchange) throws IOException {
    long bytes = exchange.getInputStream().transferTo(OutputStream.nullOutputStream());
    exchange.getResponseSender().send(Long.toString(bytes));
  }

  private URI uri(String path) {
    return URI.create("https://localhost:" + port + path);
  }

  private X509Certificate leaf(String name, String version, String suite) throws Exception {
    try (SSLSocket socket = connect(name, version, suite)) {
      assertEquals(version, socket.getSession().getProtocol());
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private SSLSocket connect(String name, String version, String suite) throws Exception {
    Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
    plain.setSoTimeout(10_000);
    SSLSocket socket =
        (SSLSocket) authority.trusting().getSocketFactory().createSocket(plain, name, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {version});
    if (!suite.isEmpty()) {
      parameters.setCipherSuites(new String[] {suite});
    }
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private static String get(SSLSocket socket) throws IOException {
    socket
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: www.shop.example\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    StringBuilder head = new StringBuilder();
    InputStream in = socket.getInputStream();
    while (head.indexOf("\r\n\r\nok") < 0) {
      int next = in.read();
      if (next < 0) {
        break;
      }
      head.append((char) next);
    }
    return head.substring(0, Math.max(0, head.indexOf("\r\n")));
  }
}
