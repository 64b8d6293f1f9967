package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that begin and do not go on: each has its time, and the node its connection back. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class SlowHeadIT {
  private static final int PATIENCE_MILLIS = 20_000;
  private final AtomicInteger requests = new AtomicInteger();
  private EdgeListener listener;

  @BeforeEach
  void start() throws Exception {
    ListenerConfig usual = ListenerConfig.of(List.of("127.0.0.1"), 0, 0);
    ListenerConfig quick =
        new ListenerConfig(
            usual.addresses(),
            0,
            0,
            1,
            usual.maxHeaderBytes(),
            usual.maxHeaders(),
            Duration.ofMillis(300),
            usual.idleTimeout(),
            usual.maxConnections(),
            usual.maxRequests(),
            usual.clients());
    listener =
        new EdgeListener(
            quick,
            exchange -> requests.incrementAndGet(),
            Optional.of(SSLContext.getDefault()),
            RandomGenerator.getDefault());
    listener.start();
  }

  @AfterEach
  void stop() {
    listener.close();
  }

  private Socket open(String scheme, String begin) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port(scheme));
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.getOutputStream().write(begin.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
  }

  /** RFC 9110, section 15.5.9. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "G",
        "PRI * HTT",
        "GET /a",
        "GET /a HTTP/1.1\r\n",
        "GET /a HTTP/1.1\r\nHost: www.shop.example\r\n",
        "GET /a HTTP/1.1\r\nHost: www.shop.example\r\nX: y",
        "GET /a HTTP/1.1\r\nHost: www.shop.example\r\n\r"
      })
  void aHeadThatDoesNotGoOnIs408(String begin) throws Exception {
    try (Socket socket = open("http", begin)) {
      assertTrue(rest(socket).startsWith("HTTP/1.1 408 "));
    }
    assertEquals(0, requests.get());
  }

  @Test
  void manyOfThemAllGetTheirAnswer() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 200; i++) {
        sockets.add(open("http", "GET /a HTTP/1.1\r\nHost: www.shop.example\r\nX: "));
      }
      for (Socket socket : sockets) {
        assertTrue(rest(socket).startsWith("HTTP/1.1 408 "));
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  /** Nobody's host: it never gets as far as a site, a log or a count. */
  @Test
  void aProbeIsAnsweredHereAndKeepsItsConnection() throws Exception {
    String probe = "HEAD / HTTP/1.1\r\nHost: probe.invalid\r\n";
    try (Socket socket = open("http", probe + "\r\n" + probe + "Connection: close\r\n\r\n")) {
      String answers = rest(socket);
      assertEquals(2, answers.split("HTTP/1.1 204 No Content", -1).length - 1, answers);
    }
    assertEquals(0, requests.get());
  }

  @Test
  void aHandshakeThatDoesNotBeginOrGoOnIsEnded() throws Exception {
    for (String begin : new String[] {"", "\u0016\u0003\u0001"}) {
      try (Socket socket = open("https", begin)) {
        assertEquals("", rest(socket));
      }
    }
  }
}
