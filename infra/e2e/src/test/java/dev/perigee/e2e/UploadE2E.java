package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Bodies on their way to the origin through an edge whose heap is far smaller than they are. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UploadE2E {
  private static final String HOST = "upload.example";
  private static final long MEBI = 1024L * 1024;

  /** Prime, so that no block looks like the next. */
  private static final int PERIOD = 251;

  private static final int BLOCK = PERIOD * 1024;

  private final Network network;
  private final ScriptedOrigin origin = ScriptedOrigin.start();

  UploadE2E(@TempDir Path folder) {
    network = new Network(folder);
  }

  @BeforeAll
  void up() {
    network.startControl();
    network.addEdge("up-1", 1, "eu-central", "50.11,8.68");
    origin.on("/", call -> call.ok("here"));
    network.cliOk("site", "add", HOST, "--origin", "http://127.0.0.1:" + origin.port());
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> network.get("up-1", HOST, "/").status() == 200);
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void moreThanTheHeapArrivesAtAFastAndAtASlowOrigin() throws Exception {
    upload("/fast", 640 * MEBI, Duration.ZERO);
    upload("/slow", 64 * MEBI, Duration.ofSeconds(3));
  }

  @Test
  @Full("an upload of 10 GiB through an edge with a heap of 512 MiB")
  void tenGibibytesArrive() throws Exception {
    upload("/large", 10 * 1024 * MEBI, Duration.ZERO);
  }

  /** The origin takes at least {@code slowly} over it, and checks every byte. */
  private void upload(String target, long length, Duration slowly) throws Exception {
    origin.onHead(
        target,
        call -> {
          byte[] bytes = new byte[1 << 17];
          long begun = System.nanoTime();
          long sum = 0;
          while (sum < length) {
            int count = call.receive(bytes);
            for (int i = 0; i < count; i++) {
              if (bytes[i] != (byte) ((sum + i) % PERIOD)) {
                call.send("HTTP/1.1 500 Wrong\r\nContent-Length: 0\r\n\r\n");
                return;
              }
            }
            sum += count;
            long due = begun + (long) (slowly.toNanos() * ((double) sum / length));
            LockSupport.parkNanos(Math.max(0, due - System.nanoTime()));
          }
          call.ok("" + sum, "Connection: close");
        });
    try (Socket socket = new Socket(network.address("up-1"), Network.HTTP)) {
      socket.setSoTimeout(120_000);
      send(socket, target, length);
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      String status = in.readLine();
      StringBuilder fields = new StringBuilder();
      String line = in.readLine();
      while (line != null && !line.isEmpty()) {
        fields.append(line).append('\n');
        line = in.readLine();
      }
      assertEquals("HTTP/1.1 200 OK", status, fields.toString());
      char[] body = new char[32];
      int count = in.read(body);
      assertTrue(count > 0, "no body");
      assertEquals("" + length, new String(body, 0, count));
    }
  }

  private static void send(Socket socket, String target, long length) throws IOException {
    OutputStream out = socket.getOutputStream();
    String head = "PUT " + target + " HTTP/1.1\r\nHost: " + HOST + "\r\n";
    out.write(
        (head + "Content-Length: " + length + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    byte[] block = new byte[BLOCK];
    for (int i = 0; i < block.length; i++) {
      block[i] = (byte) (i % PERIOD);
    }
    for (long left = length; left > 0; left -= Math.min(left, BLOCK)) {
      out.write(block, 0, (int) Math.min(left, BLOCK));
    }
    out.flush();
  }
}
