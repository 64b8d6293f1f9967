package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.DoorLimits;
import dev.perigee.edge.listener.DoorReason;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** An address has a bandwidth, over all its connections; others do not wait for it. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class AddressBandwidthIT {
  private static final long RATE = 1 << 20;
  private static final int LARGE = 1 << 20;

  private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    origin.on("/large", call -> call.ok("x".repeat(LARGE), "Cache-Control: max-age=600"));
    DoorLimits usual = DoorLimits.DEFAULT;
    DoorLimits paced =
        new DoorLimits(
            usual.addressConnections(),
            usual.addressRequests(),
            32,
            64,
            usual.bodyPace(),
            usual.readerPace(),
            usual.streams(),
            usual.resets(),
            usual.controlFrames(),
            usual.handshakes(),
            RATE,
            usual.unsentBytes());
    edge = new EdgeUnderTest(directory, ClientPolicy.DIRECT, paced, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    readers.close();
    Awaitility.await().until(() -> edge.openRequests() == 0 && edge.visitors() == 0);
    edge.close();
    origin.close();
  }

  /** Octets that a client with this address gets, on a connection of its own. */
  private long read(String from) throws IOException {
    return read(from, "");
  }

  private long read(String from, String field) throws IOException {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), edge.port()));
      String head = "GET /large HTTP/1.1\r\nHost: www.shop.example\r\nConnection: close\r\n";
      byte[] request = (head + field + "\r\n").getBytes(StandardCharsets.US_ASCII);
      socket.getOutputStream().write(request);
      return socket.getInputStream().readAllBytes().length;
    }
  }

  @Test
  void allConnectionsOfAnAddressTogetherGetNoMoreInASecond() throws Exception {
    long begun = System.nanoTime();
    assertTrue(read("127.0.0.2") > LARGE);
    List<Future<Long>> both =
        List.of(readers.submit(() -> read("127.0.0.2")), readers.submit(() -> read("127.0.0.2")));
    for (Future<Long> one : both) {
      assertTrue(one.get() > LARGE);
    }
    // A slow machine makes it longer, and nothing makes it shorter.
    double seconds = (System.nanoTime() - begun) / 1e9;
    assertTrue(seconds > 3.0 * LARGE / RATE - 0.5, seconds + " s");
    assertTrue(edge.refused(DoorReason.ADDRESS_BANDWIDTH) > 0);
  }

  @Test
  void whoHasAnotherAddressDoesNotWait() throws Exception {
    assertTrue(read("127.0.0.2") > LARGE);
    List<Future<Long>> paced =
        Stream.generate(() -> readers.submit(() -> read("127.0.0.2"))).limit(5).toList();
    Awaitility.await().until(() -> edge.openRequests() == 5);

    assertTrue(read("127.0.0.3", "Range: bytes=0-99\r\n") > 100);

    assertTrue(edge.openRequests() >= 5);
    for (Future<Long> one : paced) {
      assertTrue(one.get() > LARGE);
    }
  }
}
