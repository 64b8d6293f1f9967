package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.ClientPolicy.ProxyField;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.ListenerConfig;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.table.HashTrie;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Listeners behind proxies that speak the PROXY protocol, in clear and under TLS. */
@Timeout(60)
class ProxyProtocolIT {
  private static final String LINE = "PROXY TCP4 192.0.2.7 10.0.0.1 5000 80\r\n";
  private static final String GET = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
  private static final int PATIENCE_MILLIS = 15_000;

  /** The same in version 2, with an addition. */
  private static final byte[] BINARY =
      HexFormat.of()
          .parseHex("0d0a0d0a000d0a515549540a2111000fc00002070a00000113880050" + "200000");

  private final TestAuthority authority = new TestAuthority();
  private EdgeListener listener = listener("127.0.0.0/8", TlsEngine.JDK);

  ProxyProtocolIT() throws GeneralSecurityException {}

  @AfterEach
  void stop() {
    listener.close();
  }

  private EdgeListener listener(String trusted, TlsEngine engine) throws GeneralSecurityException {
    ServerTls tls = new ServerTls(engine);
    tls.swap(
        HashTrie.of(
            List.of(authority.server("EC", "a.example").config("a.example")),
            CertificateConfig::id));
    ClientPolicy clients =
        new ClientPolicy(
            List.of(AddressRange.of(trusted)), ProxyField.X_FORWARDED_FOR, Set.of("http", "https"));
    ListenerConfig usual = ListenerConfig.of(List.of("127.0.0.1"), 0, 0);
    ListenerConfig config =
        new ListenerConfig(
            usual.addresses(),
            0,
            0,
            1,
            usual.maxHeaderBytes(),
            usual.maxHeaders(),
            Duration.ofSeconds(1),
            usual.idleTimeout(),
            usual.maxConnections(),
            usual.maxRequests(),
            clients);
    return new EdgeListener(
        config, ProxyProtocolIT::answer, Optional.of(tls.context()), RandomGenerator.getDefault());
  }

  /** Says who asks. */
  private static void answer(Exchange exchange) {
    byte[] body = exchange.head().client().getBytes(StandardCharsets.US_ASCII);
    exchange.sink().start(new ResponseHead(200, FieldList.empty()), OptionalLong.of(body.length));
    if (exchange.sink().write(ByteBuffer.wrap(body), exchange.sink()::finish)) {
      exchange.sink().finish();
    }
  }

  private Socket connect(String scheme) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port(scheme));
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static void send(Socket socket, byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** The body of one answer; nothing where the connection ends instead. */
  private static String body(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        return "";
      }
      head.write(next);
    }
    String text = head.toString(StandardCharsets.US_ASCII);
    if (!text.startsWith("HTTP/1.1 200")) {
      return text.substring(0, text.indexOf('\r'));
    }
    int at = text.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
    int length = Integer.parseInt(text.substring(at + 16, text.indexOf('\r', at)));
    return new String(in.readNBytes(length), StandardCharsets.US_ASCII);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void theSourceOfTheHeaderIsTheClientForTheWholeConnection() throws Exception {
    listener.start();
    for (byte[] header : List.of(ascii(LINE), BINARY)) {
      try (Socket socket = connect("http")) {
        send(socket, header);
        for (int i = 0; i < 3; i++) {
          send(socket, ascii(GET));
          assertEquals("192.0.2.7", body(socket));
        }
      }
      try (Socket socket = connect("http")) {
        ByteArrayOutputStream atOnce = new ByteArrayOutputStream();
        atOnce.write(header);
        atOnce.write(ascii(GET + GET));
        send(socket, atOnce.toByteArray());
        assertEquals("192.0.2.7", body(socket));
        assertEquals("192.0.2.7", body(socket));
      }
      try (Socket socket = connect("http")) {
        for (byte octet : header) {
          send(socket, new byte[] {octet});
        }
        send(socket, ascii(GET));
        assertEquals("192.0.2.7", body(socket));
      }
    }
  }

  @Test
  void aHeaderWithoutAnAddressMeansTheProxyItself() throws Exception {
    listener.start();
    try (Socket socket = connect("http")) {
      send(socket, ascii("PROXY UNKNOWN\r\n" + GET));
      assertEquals("127.0.0.1", body(socket));
    }
  }

  @Test
  void aTrustedProxyWithoutAHeaderIsNotServed() throws Exception {
    listener.start();
    try (Socket socket = connect("http")) {
      send(socket, ascii(GET));
      assertEquals("", body(socket));
    }
  }

  @Test
  void aHeaderThatIsNotWholeInTimeIsTheEnd() throws Exception {
    listener.start();
    try (Socket socket = connect("http")) {
      send(socket, ascii("PROXY TCP4 192.0.2.7"));
      assertEquals("", body(socket));
    }
  }

  @Test
  void whoIsNotTrustedIsServedPlainlyAndItsHeaderIsNone() throws Exception {
    listener = listener("10.0.0.0/8", TlsEngine.JDK);
    listener.start();
    try (Socket socket = connect("http")) {
      send(socket, ascii(GET));
      assertEquals("127.0.0.1", body(socket));
    }
    try (Socket socket = connect("http")) {
      send(socket, ascii(LINE + GET));
      assertTrue(!body(socket).contains("192.0.2.7"));
    }
  }

  @ParameterizedTest
  @EnumSource(value = TlsEngine.class, mode = Mode.EXCLUDE, names = "AUTO")
  void theHeaderStandsBeforeTls(TlsEngine engine) throws Exception {
    listener = listener("127.0.0.0/8", engine);
    listener.start();
    for (byte[] header : List.of(ascii(LINE), BINARY)) {
      try (Socket plain = connect("https")) {
        send(plain, header);
        try (SSLSocket socket = secured(plain)) {
          for (int i = 0; i < 3; i++) {
            send(socket, ascii(GET));
            assertEquals("192.0.2.7", body(socket));
          }
        }
      }
    }
    try (Socket plain = connect("https");
        SSLSocket socket = secured(plain)) {
      assertThrows(IOException.class, socket::startHandshake);
    }
  }

  private SSLSocket secured(Socket plain) throws Exception {
    SSLContext context = authority.trusting();
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(plain, "a.example", 443, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    return socket;
  }
}
