package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginUrl;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.edge.respond.TunnelConfig;
import dev.perigee.edge.telemetry.RequestRecord;
import dev.perigee.testkit.NothingLeaks;
import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSocket over HTTP/1.1 (RFC 6455) through the edge. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class WebSocketIT {
  private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  /** Of RFC 6455, section 1.3. */
  private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

  private static final String SWITCH = "Upgrade: websocket,Connection: Upgrade";

  private static final String[] HANDSHAKE = {
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: " + KEY
  };

  @TempDir Path directory;
  private final TestAuthority authority = new TestAuthority();

  /** A real WebSocket server that sends back what it gets. */
  private Undertow echo() throws Exception {
    SSLContext tls = TransportEdge.serving(authority.server("EC", "localhost"));
    Undertow server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(1)
            .addHttpListener(0, "127.0.0.1")
            .addHttpsListener(0, "127.0.0.1", tls)
            .setHandler(
                Handlers.websocket(
                    (exchange, channel) -> {
                      channel.getReceiveSetter().set(new Echo());
                      channel.resumeReceives();
                    }))
            .build();
    server.start();
    return server;
  }

  private static final class Echo extends AbstractReceiveListener {
    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
      WebSockets.sendText(message.getData(), channel, null);
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message)
        throws IOException {
      ByteBuffer all = WebSockets.mergeBuffers(message.getData().getResource());
      WebSockets.sendBinary(all, channel, null);
    }

    @Override
    protected long getMaxBinaryBufferSize() {
      return 8 << 20;
    }
  }

  private static int port(Undertow server, String scheme) {
    return server.getListenerInfo().stream()
        .filter(info -> info.getProtcol().equals(scheme))
        .map(info -> ((InetSocketAddress) info.getAddress()).getPort())
        .findFirst()
        .orElseThrow();
  }

  /** Collects whole messages. */
  private static final class Messages implements WebSocket.Listener {
    private final CompletableFuture<String> text = new CompletableFuture<>();
    private final CompletableFuture<byte[]> binary = new CompletableFuture<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.complete(data.toString());
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      byte[] part = new byte[data.remaining()];
      data.get(part);
      parts.writeBytes(part);
      if (last) {
        binary.complete(parts.toByteArray());
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      closed.complete(status);
      return null;
    }
  }

  @ParameterizedTest
  @CsvSource({"ws, http", "ws, https", "wss, http", "wss, https"})
  void messagesAreEchoed(String clientScheme, String originScheme) throws Exception {
    Undertow server = echo();
    OriginUrl origin = new OriginUrl(originScheme, "localhost", port(server, originScheme));
    byte[] large = new byte[3 << 20];
    Arrays.fill(large, (byte) 7);
    try (TransportEdge edge = new TransportEdge(directory, authority, origin);
        HttpClient client =
            HttpClient.newBuilder().sslContext(TransportEdge.trusting(authority)).build()) {
      int port = clientScheme.equals("wss") ? edge.tlsPort() : edge.port();
      Messages messages = new Messages();
      WebSocket socket =
          client
              .newWebSocketBuilder()
              .buildAsync(URI.create(clientScheme + "://localhost:" + port + "/chat"), messages)
              .get(20, TimeUnit.SECONDS);
      socket.sendText("hello", true).get(20, TimeUnit.SECONDS);
      assertEquals("hello", messages.text.get(20, TimeUnit.SECONDS));
      socket.sendBinary(ByteBuffer.wrap(large), true).get(20, TimeUnit.SECONDS);
      assertTrue(Arrays.equals(large, messages.binary.get(20, TimeUnit.SECONDS)));
      assertEquals(1, edge.pipeline().tunnels().open());
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get(20, TimeUnit.SECONDS);
      assertEquals(WebSocket.NORMAL_CLOSURE, messages.closed.get(20, TimeUnit.SECONDS));

      RequestRecord record = edge.record("/chat");
      assertEquals(101, record.status());
      assertEquals(RequestRecord.Outcome.TUNNEL, record.outcome());
      assertTrue(record.bytes() > large.length, "bytes to the reader: " + record.bytes());
      Awaitility.await().until(() -> edge.originConnections() == 0);
    } finally {
      server.stop();
    }
  }

  /** An origin of raw bytes for one connection. */
  private interface Script {
    void run(Socket socket, String head) throws IOException, InterruptedException;
  }

  private static ServerSocket origin(Script script) throws IOException {
    ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                while (true) {
                  Socket socket = server.accept();
                  Thread.ofVirtual().start(() -> serve(socket, script));
                }
              } catch (IOException e) {
                // The test is over.
                return;
              }
            });
    return server;
  }

  private static void serve(Socket socket, Script script) {
    try (socket) {
      script.run(socket, head(socket.getInputStream()));
    } catch (IOException e) {
      // The other side went away.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the connection ended in a head");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static void send(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private static String switching(String accept, String... more) {
    StringBuilder head = new StringBuilder("HTTP/1.1 101 Switching Protocols\r\n");
    head.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    head.append("Sec-WebSocket-Accept: ").append(accept).append("\r\n");
    for (String line : more) {
      head.append(line).append("\r\n");
    }
    return head.append("\r\n").toString();
  }

  private TransportEdge edge(TunnelConfig tunnels, ServerSocket server) throws Exception {
    OriginUrl origin = new OriginUrl("http", "127.0.0.1", server.getLocalPort());
    return new TransportEdge(directory, authority, tunnels, origin);
  }

  @Test
  void theOriginIsAskedAsTheClientAsked() throws Exception {
    CompletableFuture<String> asked = new CompletableFuture<>();
    ServerSocket server =
        origin(
            (socket, head) -> {
              asked.complete(head);
              // What follows the head in the same packet belongs to the tunnel.
              send(socket, switching(ACCEPT, "Sec-WebSocket-Protocol: chat") + "first");
              socket.getInputStream().readAllBytes();
            });
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server);
        RawClient client = new RawClient(edge.port())) {
      client.send(
          "GET",
          "/chat?room=1",
          "Connection: keep-alive, Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Protocol: chat, other",
          "Sec-WebSocket-Key: " + KEY);
      Response response = client.head();
      assertEquals(101, response.status());
      assertEquals("websocket", response.first("Upgrade").orElse(""));
      assertEquals("Upgrade", response.first("Connection").orElse(""));
      assertEquals("chat", response.first("Sec-WebSocket-Protocol").orElse(""));
      assertEquals("first", client.read(5));
      String head = asked.get(20, TimeUnit.SECONDS);
      assertTrue(head.startsWith("GET /chat?room=1 HTTP/1.1\r\n"), head);
      assertTrue(head.contains("Upgrade: websocket\r\n"), head);
      assertTrue(head.contains("Connection: Upgrade\r\n"), head);
      assertTrue(head.contains("Sec-WebSocket-Key: " + KEY + "\r\n"), head);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Upgrade: websocket,Connection: Upgrade",
        "Upgrade: h2c,Connection: Upgrade,Sec-WebSocket-Accept: " + ACCEPT,
        "Upgrade: websocket,Sec-WebSocket-Accept: " + ACCEPT,
        SWITCH + ",Sec-WebSocket-Accept: " + ACCEPT + ",Sec-WebSocket-Protocol: other",
        SWITCH + ",Sec-WebSocket-Accept: " + ACCEPT + ",Sec-WebSocket-Extensions: x-bad",
        SWITCH + ",Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp="
      })
  void anAnswerThatIsNotTheHandshakesIs502(String fields) throws Exception {
    String answer = "HTTP/1.1 101 X\r\n" + fields.replace(",", "\r\n") + "\r\n\r\n";
    ServerSocket server = origin((socket, head) -> send(socket, answer));
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server);
        RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/chat", HANDSHAKE);
      Response response = client.response(false);
      assertEquals(502, response.status());
      assertTrue(response.cacheStatus().contains("origin-bad-response"), response.cacheStatus());
      Awaitility.await().until(() -> edge.originConnections() == 0);
    }
  }

  @Test
  void anOriginThatDeclinesIsHeardAndTheConnectionGoesOn() throws Exception {
    ServerSocket server =
        origin(
            (socket, head) -> {
              send(socket, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
              socket.getInputStream().readAllBytes();
            });
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server);
        RawClient client = new RawClient(edge.port())) {
      for (int i = 0; i < 2; i++) {
        client.send("GET", "/chat", HANDSHAKE);
        Response response = client.response(false);
        assertEquals(403, response.status());
        assertEquals("no", response.body());
      }
      assertEquals(0, edge.pipeline().tunnels().open());
    }
  }

  @Test
  void aMalformedHandshakeIsRefusedBeforeAnyOriginIsAsked() throws Exception {
    ServerSocket server = origin((socket, head) -> send(socket, "HTTP/1.1 500 Asked\r\n\r\n"));
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server)) {
      String[] old = HANDSHAKE.clone();
      old[2] = "Sec-WebSocket-Version: 8";
      Response version = RawClient.get(edge.port(), "/chat", old);
      assertEquals(426, version.status());
      assertEquals("13", version.first("Sec-WebSocket-Version").orElse(""));
      for (String key :
          new String[] {"short", "dGhlIHNhbXBsZSBub25jZQ", "not base64!!!!!!!!!!!!!!"}) {
        String[] bad = HANDSHAKE.clone();
        bad[3] = "Sec-WebSocket-Key: " + key;
        assertEquals(400, RawClient.get(edge.port(), "/chat", bad).status(), key);
      }
    }
  }

  /** RFC 9110, section 7.8: whoever is asked may not heed it. */
  @Test
  void upgradeToAnythingElseIsNotPassedOn() throws Exception {
    CompletableFuture<String> asked = new CompletableFuture<>();
    ServerSocket server =
        origin(
            (socket, head) -> {
              asked.complete(head);
              send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            });
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server)) {
      Response response =
          RawClient.request(
              edge.port(), "POST", "/chat", "Connection: Upgrade", "Upgrade: websocket");
      assertEquals(200, response.status());
      assertFalse(asked.get(20, TimeUnit.SECONDS).contains("Upgrade"));
    }
  }

  @Test
  void aTunnelThatIsQuietForTooLongEnds() throws Exception {
    ServerSocket server =
        origin(
            (socket, head) -> {
              send(socket, switching(ACCEPT));
              socket.getInputStream().readAllBytes();
            });
    TunnelConfig tunnels = new TunnelConfig(10, 10, Duration.ofMillis(300), Duration.ofMillis(100));
    try (server;
        TransportEdge edge = edge(tunnels, server);
        RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/chat", HANDSHAKE);
      assertEquals(101, client.head().status());
      assertEquals("", client.rest());
      assertEquals(101, edge.record("/chat").status());
    }
  }

  @Test
  void thereAreOnlySoManyTunnelsOfASite() throws Exception {
    ServerSocket server =
        origin(
            (socket, head) -> {
              send(socket, switching(ACCEPT));
              socket.getInputStream().readAllBytes();
            });
    TunnelConfig tunnels = new TunnelConfig(10, 1, Duration.ofMinutes(1), Duration.ofSeconds(10));
    try (server;
        TransportEdge edge = edge(tunnels, server)) {
      try (RawClient first = new RawClient(edge.port())) {
        first.send("GET", "/one", HANDSHAKE);
        assertEquals(101, first.head().status());
        Response refused = RawClient.get(edge.port(), "/two", HANDSHAKE);
        assertEquals(503, refused.status());
        assertTrue(refused.cacheStatus().contains("tunnels-full"), refused.cacheStatus());
        assertEquals(1, edge.pipeline().tunnels().refused());
      }
      Awaitility.await().until(() -> edge.pipeline().tunnels().open() == 0);
      try (RawClient next = new RawClient(edge.port())) {
        next.send("GET", "/three", HANDSHAKE);
        assertEquals(101, next.head().status());
      }
    }
  }

  /** One way at a time is slowed down to its reader, and nothing is lost. */
  @Test
  void aReaderThatDoesNotReadStopsTheOrigin() throws Exception {
    long total = 64L << 20;
    CountDownLatch all = new CountDownLatch(1);
    ServerSocket server =
        origin(
            (socket, head) -> {
              send(socket, switching(ACCEPT));
              byte[] block = new byte[1 << 16];
              for (long sent = 0; sent < total; sent += block.length) {
                socket.getOutputStream().write(block);
              }
              all.countDown();
              socket.getInputStream().readAllBytes();
            });
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server);
        RawClient client = new RawClient(edge.port(), 64 * 1024)) {
      client.send("GET", "/chat", HANDSHAKE);
      assertEquals(101, client.head().status());
      assertFalse(all.await(2, TimeUnit.SECONDS), "64 MiB went nowhere");
      for (long read = 0; read < total; read += 1 << 16) {
        assertEquals(1 << 16, client.read(1 << 16).length());
      }
      assertTrue(all.await(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void atTheEndOfTheNodeTunnelsAreClosed() throws Exception {
    ServerSocket server =
        origin(
            (socket, head) -> {
              send(socket, switching(ACCEPT));
              socket.getInputStream().readAllBytes();
            });
    try (server;
        TransportEdge edge = edge(TunnelConfig.DEFAULT, server);
        RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/chat", HANDSHAKE);
      assertEquals(101, client.head().status());
      edge.pipeline().tunnels().endAll();
      assertEquals("", client.rest());
    }
  }
}
