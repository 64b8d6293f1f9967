package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.listener.DoorLimits;
import dev.perigee.edge.listener.DoorReason;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Floods of HTTP/2 (RFC 9113, section 10.5), in clear text or over TLS: each is ended with
 * ENHANCE_YOUR_CALM, nothing of it stays, and whoever comes next is answered.
 */
@ExtendWith(NothingLeaks.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
abstract class Http2Floods {
  private static final int PRIORITY = 2;
  private static final int UNKNOWN = 0x77;
  private static final int CALM = 0xb;
  private static final int PROTOCOL_ERROR = 1;
  private static final int CANCEL = 8;

  /** Far more frames than any limit. */
  private static final int FLOOD = 5_000;

  private final String scheme;
  private final byte[] get;
  private final byte[] post;
  private SSLContext trust;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  Http2Floods(String scheme) {
    this.scheme = scheme;
    this.get = head(":method=GET", "/a");
    this.post = head(":method=POST", "/up");
  }

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    TestAuthority authority = new TestAuthority();
    trust = TransportEdge.trusting(authority);
    origin = ScriptedOrigin.start();
    origin.on("/a", call -> call.ok("x".repeat(100_000), "Cache-Control: max-age=600"));
    origin.onHead("/up", call -> {});
    DoorLimits usual = DoorLimits.DEFAULT;
    Duration soon = Duration.ofMillis(500);
    DoorLimits limits =
        new DoorLimits(
            usual.addressConnections(),
            usual.addressRequests(),
            32,
            64,
            usual.bodyPace(),
            new DoorLimits.Pace(1_000, soon, soon),
            usual.streams(),
            50,
            100,
            usual.handshakes(),
            0,
            usual.unsentBytes());
    edge = new EdgeUnderTest(directory, limits, serving(authority), origin.port());
  }

  @AfterEach
  void whoComesNextIsAnswered() throws Exception {
    Awaitility.await().until(() -> edge.openRequests() == 0 && edge.openFetches() == 0);
    Awaitility.await().until(() -> edge.visitors() == 0);
    try (FrameClient client = open()) {
      client.frame(FrameClient.HEADERS, 5, 1, get);
      assertEquals("200", client.outcome(1));
    }
    Awaitility.await().until(() -> edge.openRequests() == 0);
  }

  @AfterAll
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private static SSLContext serving(TestAuthority authority) throws Exception {
    CertificateConfig certificate =
        authority.server("EC", EdgeUnderTest.HOST).config(EdgeUnderTest.HOST);
    ServerTls tls = new ServerTls(TlsEngine.AUTO);
    tls.swap(HashTrie.of(List.of(certificate), CertificateConfig::id));
    return tls.context();
  }

  private byte[] head(String method, String path) {
    return FrameClient.block(
        List.of(method, ":scheme=" + scheme, ":authority=www.shop.example", ":path=" + path));
  }

  private FrameClient open() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    if (scheme.equals("http")) {
      return new FrameClient(new Socket(loopback, edge.port()));
    }
    Socket plain = new Socket(loopback, edge.tlsPort());
    SSLSocket secure =
        (SSLSocket)
            trust.getSocketFactory().createSocket(plain, EdgeUnderTest.HOST, edge.tlsPort(), true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    assertEquals("h2", secure.getApplicationProtocol());
    return new FrameClient(secure);
  }

  /** Sends one part of a flood. */
  private interface Part {
    void send(FrameClient client, int number) throws IOException;
  }

  private int flood(Part part) throws IOException {
    try (FrameClient client = open()) {
      client.frame(FrameClient.HEADERS, 5, 1, get);
      assertEquals("200", client.outcome(1));
      try {
        for (int i = 0; i < FLOOD; i++) {
          part.send(client, i);
        }
      } catch (SocketException e) {
        // the node has closed it already
      }
      return client.goAway();
    }
  }

  private void assertCalmed(DoorReason reason, Part part) throws IOException {
    long before = edge.refused(reason);
    assertEquals(CALM, flood(part));
    assertEquals(before + 1, edge.refused(reason));
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  /** CVE-2023-44487. */
  @Test
  void rapidReset() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_RESETS,
        (client, i) -> {
          client.frame(FrameClient.HEADERS, 5, 3 + 2 * i, get);
          client.frame(FrameClient.RST_STREAM, 0, 3 + 2 * i, number(CANCEL));
        });
  }

  /** CVE-2025-8671: the client breaks each stream's rules, and the node resets it. */
  @Test
  void madeYouReset() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_MADE_RESETS,
        (client, i) -> {
          int stream = 3 + 2 * i;
          client.frame(FrameClient.HEADERS, FrameClient.END_HEADERS, stream, post);
          client.frame(FrameClient.WINDOW_UPDATE, 0, stream, number(0));
          if (!client.outcome(stream).equals("reset")) {
            throw new SocketException("the node resets no more");
          }
        });
  }

  @Test
  void pings() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_PINGS, (client, i) -> client.frame(FrameClient.PING, 0, 0, new byte[8]));
  }

  @Test
  void settings() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_SETTINGS,
        (client, i) -> client.frame(FrameClient.SETTINGS, 0, 0, new byte[0]));
  }

  @Test
  void priorities() throws Exception {
    byte[] onStreamOne = ByteBuffer.allocate(5).putInt(1).array();
    assertCalmed(
        DoorReason.HTTP2_PRIORITIES, (client, i) -> client.frame(PRIORITY, 0, 99, onStreamOne));
  }

  @Test
  void framesThatNobodyKnows() throws Exception {
    assertCalmed(DoorReason.HTTP2_UNKNOWN, (client, i) -> client.frame(UNKNOWN, 0, 0, new byte[0]));
  }

  @Test
  void emptyData() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_EMPTY_DATA,
        (client, i) -> {
          if (i == 0) {
            client.frame(FrameClient.HEADERS, FrameClient.END_HEADERS, 3, post);
          }
          client.frame(FrameClient.DATA, 0, 3, new byte[0]);
        });
  }

  @Test
  void windowUpdatesForNothing() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_WINDOW_UPDATES,
        (client, i) -> client.frame(FrameClient.WINDOW_UPDATE, 0, 0, number(1)));
  }

  /** CVE-2024-27316 and its kin: a head that does not end. */
  @Test
  void continuations() throws Exception {
    assertCalmed(
        DoorReason.HTTP2_CONTINUATIONS,
        (client, i) -> {
          if (i == 0) {
            client.frame(FrameClient.HEADERS, 0, 3, get);
          }
          client.frame(FrameClient.CONTINUATION, 0, 3, new byte[0]);
        });
  }

  @Test
  void aHeadInAFewLargeFrames() throws Exception {
    byte[] large = FrameClient.block(List.of("x=" + "y".repeat(16_000)));
    int code =
        flood(
            (client, i) ->
                client.frame(i == 0 ? FrameClient.HEADERS : FrameClient.CONTINUATION, 0, 3, large));
    assertTrue(code == PROTOCOL_ERROR || code == CALM, "GOAWAY with " + code);
  }

  /** One long field in the table, and then thousands of references of one octet to it. */
  @Test
  void hpackBomb() throws Exception {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(get);
    block.write(0x40);
    block.write(1);
    block.write('x');
    block.write(0x7f);
    block.writeBytes(new byte[] {(byte) 0xa1, 0x1e});
    block.writeBytes("y".repeat(4000).getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < 10_000; i++) {
      block.write(0x80 | 62);
    }
    int code =
        flood((client, i) -> client.frame(FrameClient.HEADERS, 5, 3 + 2 * i, block.toByteArray()));
    // the table that both sides share is lost with it, so it is no matter of calm
    assertTrue(code == PROTOCOL_ERROR || code == CALM, "GOAWAY with " + code);
  }

  /** A reader that wants everything and takes nothing. */
  @Test
  void noWindow() throws Exception {
    long before = edge.refused(DoorReason.HTTP2_STALLED);
    try (FrameClient client = open()) {
      byte[] none = ByteBuffer.allocate(6).putShort((short) 4).putInt(0).array();
      client.frame(FrameClient.SETTINGS, 0, 0, none);
      for (int i = 0; i < 20; i++) {
        client.frame(FrameClient.HEADERS, 5, 1 + 2 * i, get);
      }
      assertEquals(CALM, client.goAway());
    }
    assertEquals(before + 1, edge.refused(DoorReason.HTTP2_STALLED));
  }

  @Test
  void moreStreamsThanItMayIsRefused() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    origin.on(
        "/held",
        call -> {
          goOn.await();
          call.ok("held", "Cache-Control: no-store");
        });
    int further = 2 * DoorLimits.DEFAULT.streams() + 1;
    try (FrameClient client = open()) {
      byte[] held = head(":method=GET", "/held");
      for (int stream = 1; stream < further; stream += 2) {
        client.frame(FrameClient.HEADERS, 5, stream, held);
      }
      Awaitility.await().until(() -> edge.openRequests() == DoorLimits.DEFAULT.streams());
      client.frame(FrameClient.HEADERS, 5, further, held);
      assertEquals("503", client.outcome(further));
      goOn.countDown();
      assertEquals("200", client.outcome(1));
    } finally {
      goOn.countDown();
    }
    assertEquals(1, edge.refused(DoorReason.HTTP2_STREAMS));
  }
}
