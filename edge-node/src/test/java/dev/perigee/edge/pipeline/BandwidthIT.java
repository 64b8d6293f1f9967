package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.policy.LoadConfig;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A site whose readers have a bandwidth together: they wait their turns, and get everything. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class BandwidthIT {
  private static final long RATE = 1 << 20;
  private static final int LARGE = 1 << 20;

  private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    origin.on("/large", call -> call.ok("x".repeat(LARGE), "Cache-Control: max-age=600"));
    LoadConfig usual = LoadConfig.DEFAULT;
    LoadConfig paced =
        new LoadConfig(usual.siteRequests(), usual.leastFetches(), usual.mostFetches(), RATE);
    edge = new EdgeUnderTest(directory, paced, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    readers.close();
    edge.close();
    origin.close();
  }

  private int length() throws IOException {
    return RawClient.get(edge.port(), "/large").body().length();
  }

  /** The miss and two hits: three times what goes in a second, but for what goes at once. */
  @Test
  void allGetAllAndTogetherNoFaster() throws Exception {
    long begun = System.nanoTime();
    assertEquals(LARGE, length());
    List<Future<Integer>> both =
        List.of(readers.submit(this::length), readers.submit(this::length));
    for (Future<Integer> one : both) {
      assertEquals(LARGE, one.get());
    }
    // A slow machine makes it longer, and nothing makes it shorter.
    double seconds = (System.nanoTime() - begun) / 1e9;
    assertTrue(seconds > 3.0 * LARGE / RATE - 0.5, seconds + " s");
    assertTrue(edge.heldBack() > 0);
  }

  /** Over HTTP/2 the connection of one who waits goes on for its other streams. */
  @Test
  void aStreamThatWaitsHoldsUpNoOther() throws Exception {
    assertEquals(LARGE, length());
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), edge.port());
        FrameClient client = new FrameClient(socket)) {
      client.frame(FrameClient.WINDOW_UPDATE, 0, 0, new byte[] {0, 64, 0, 0});
      client.frame(FrameClient.SETTINGS, 0, 0, new byte[] {0, 4, 0, 64, 0, 0});
      client.frame(FrameClient.HEADERS, 5, 1, head("GET"));
      assertEquals("200", client.outcome(1));
      client.frame(FrameClient.HEADERS, 5, 3, head("HEAD"));
      int before = client.octetsUntil(3);
      assertTrue(before < LARGE, "the other stream was answered after " + before + " octets");
      assertEquals(LARGE, before + client.octetsToEnd(1));
    }
    Awaitility.await().until(() -> edge.openRequests() == 0);
  }

  private static byte[] head(String method) {
    return FrameClient.block(
        List.of(
            ":method=" + method, ":scheme=http", ":authority=www.shop.example", ":path=/large"));
  }

  @Test
  void aReaderWhoLeavesWhileHeWaitsLeavesNothing() throws Exception {
    assertEquals(LARGE, length());
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), edge.port())) {
      String head = "GET /large HTTP/1.1\r\nHost: www.shop.example\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      assertEquals('H', socket.getInputStream().read());
    }
    Awaitility.await().until(() -> edge.openRequests() == 0);
  }
}
