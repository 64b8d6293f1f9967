package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.DoorLimits;
import dev.perigee.edge.listener.DoorReason;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients that are slow, and clients that are many: what each may take, and what becomes of it. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class SlowPeersIT {
  private static final int PATIENCE_MILLIS = 20_000;
  private static final Duration SOON = Duration.ofMillis(400);
  private static final int LARGE = 16 << 20;
  private static final String HEAD = " HTTP/1.1\r\nHost: www.shop.example\r\n";

  /** Paces that a test need not wait for, and four of everything. */
  private static final DoorLimits STRICT =
      new DoorLimits(
          4,
          4,
          32,
          64,
          new DoorLimits.Pace(1_000, SOON, SOON),
          new DoorLimits.Pace(1_000, SOON, SOON),
          128,
          200,
          1000,
          100,
          0,
          64 * 1024);

  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    origin.on("/a", call -> call.ok("ok", "Cache-Control: max-age=60"));
    origin.onHead(
        "/up",
        call -> {
          byte[] part = new byte[1024];
          while (call.receive(part) > 0) {
            // taken
          }
        });
    origin.on(
        "/large",
        call -> {
          call.send("HTTP/1.1 200 OK\r\nContent-Length: " + LARGE + "\r\n\r\n");
          call.send(new byte[LARGE]);
        });
    ClientPolicy clients =
        new ClientPolicy(
            List.of(AddressRange.of("127.0.0.9/32")), ClientPolicy.ProxyField.X_FORWARDED_FOR);
    edge = new EdgeUnderTest(directory, clients, STRICT, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private Socket open(String from) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.bind(new InetSocketAddress(from, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), edge.port()));
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  /** RFC 9110, section 15.5.9. */
  @Test
  void aBodyThatDoesNotComeIs408() throws Exception {
    try (Socket socket = open("127.0.0.1")) {
      send(socket, "POST /up" + HEAD + "Content-Length: 100\r\n\r\nabc");
      String answer = rest(socket);
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
    assertEquals(1, edge.refused(DoorReason.SLOW_BODY));
  }

  @Test
  void aBodyThatTricklesIs408() throws Exception {
    try (Socket socket = open("127.0.0.1")) {
      send(socket, "POST /up" + HEAD + "Transfer-Encoding: chunked\r\n\r\n");
      InputStream in = socket.getInputStream();
      Awaitility.await()
          .pollInterval(Duration.ofMillis(20))
          .until(
              () -> {
                send(socket, "1\r\nx\r\n");
                return in.available() > 0;
              });
      String answer = rest(socket);
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  /** Nobody reads the body of what is answered from the cache. */
  @Test
  void aBodyThatNobodyWantsDoesNotKeepItsConnection() throws Exception {
    try (Socket socket = open("127.0.0.1")) {
      send(socket, "GET /a" + HEAD + "Content-Length: 100\r\n\r\nabc");
      assertTrue(rest(socket).startsWith("HTTP/1.1 "));
    }
    Awaitility.await().until(() -> edge.visitors() == 0);
  }

  /** However soon their connections are closed by another thread. */
  @Test
  void bodiesThatNobodyWantsLeaveNoRequestOpen() throws Exception {
    for (int round = 0; round < 5; round++) {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        Socket socket = open("127.0.1." + (1 + i));
        sockets.add(socket);
        send(socket, "GET /a" + HEAD + "Content-Length: 100\r\n\r\nabc");
      }
      for (Socket socket : sockets) {
        assertTrue(rest(socket).startsWith("HTTP/1.1 "));
        socket.close();
      }
      Awaitility.await().until(() -> edge.openRequests() == 0);
    }
  }

  @Test
  void aReaderThatTakesNothingIsClosed() throws Exception {
    try (Socket socket = open("127.0.0.1")) {
      send(socket, "GET /large" + HEAD + "\r\n");
      Awaitility.await().until(() -> edge.refused(DoorReason.SLOW_READER) == 1);
      Awaitility.await().until(() -> edge.openRequests() == 0);
      // Nor does the system go on for it: what was not taken is gone with the connection.
      assertThrows(SocketException.class, () -> rest(socket));
    }
    // On loopback the system would take some megabytes of it.
    long taken = edge.ended().getFirst().bytes();
    assertTrue(taken < LARGE / 16, taken + " bytes were taken for a reader that took nothing");
  }

  @Test
  void aReaderThatKeepsThePaceGetsAll() throws Exception {
    try (Socket socket = open("127.0.0.1")) {
      send(socket, "GET /large" + HEAD + "Connection: close\r\n\r\n");
      assertTrue(rest(socket).length() > LARGE);
    }
    assertEquals(0, edge.refused(DoorReason.SLOW_READER));
  }

  @Test
  void anAddressHasItsConnectionsAndOthersHaveTheirs() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        sockets.add(open("127.0.0.2"));
        send(sockets.getLast(), "GET /a" + HEAD + "\r\n");
        assertEquals('H', sockets.getLast().getInputStream().read());
      }
      try (Socket further = open("127.0.0.2")) {
        assertEquals(-1, further.getInputStream().read());
      }
      try (Socket other = open("127.0.0.3")) {
        send(other, "GET /a" + HEAD + "Connection: close\r\n\r\n");
        assertTrue(rest(other).startsWith("HTTP/1.1 200 "));
      }
      assertEquals(1, edge.refused(DoorReason.ADDRESS_CONNECTIONS));
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    Awaitility.await().until(() -> edge.visitors() == 0);
  }

  /** A trusted proxy has any number of connections, and its clients have their requests. */
  @Test
  void behindAProxyTheClientsAreCounted() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    origin.on(
        "/held",
        call -> {
          goOn.await();
          call.ok("held", "Cache-Control: no-store");
        });
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 5; i++) {
        Socket socket = open("127.0.0.9");
        sockets.add(socket);
        send(
            socket, "GET /held" + HEAD + "X-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n");
        int open = Math.min(4, i + 1);
        Awaitility.await().until(() -> edge.openRequests() == open);
      }
      String refused = rest(sockets.getLast());
      assertTrue(refused.startsWith("HTTP/1.1 429 "), refused);
      assertTrue(refused.contains("Retry-After: 1\r\n"), refused);
      assertEquals(1, edge.refused(DoorReason.ADDRESS_REQUESTS));
      try (Socket other = open("127.0.0.9")) {
        send(other, "GET /a" + HEAD + "X-Forwarded-For: 192.0.2.2\r\nConnection: close\r\n\r\n");
        assertTrue(rest(other).startsWith("HTTP/1.1 200 "));
      }
      goOn.countDown();
      for (Socket socket : sockets.subList(0, 4)) {
        assertTrue(rest(socket).startsWith("HTTP/1.1 200 "));
      }
    } finally {
      goOn.countDown();
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    Awaitility.await().until(() -> edge.visitors() == 0);
  }
}
