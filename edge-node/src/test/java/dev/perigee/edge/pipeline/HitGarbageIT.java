package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import io.undertow.Undertow;
import io.undertow.util.Headers;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a hit from memory leaves to the collector, beside what a server of Undertow without any
 * features does in the same process. It is counted, not timed: the same on every machine. The
 * compiler of the tests takes no object away, as the one of a node that has run for a while does,
 * so a node leaves less than this.
 */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
class HitGarbageIT {
  /** Bytes above a bare server's: where a change comes to less, this is lowered with it. */
  private static final int MOST_ABOVE_BARE = 2_000;

  private static final int WARM = 2_000;
  private static final int COUNTED = 4_000;
  private static final byte[] BODY = new byte[1024];
  private static final byte[] REQUEST =
      ("GET /hit HTTP/1.1\r\nHost: " + EdgeUnderTest.HOST + "\r\n\r\n")
          .getBytes(StandardCharsets.US_ASCII);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void aHitFromMemoryMakesLittleGarbage(@TempDir Path directory) throws Exception {
    Arrays.fill(BODY, (byte) 'x');
    Undertow bare = bare();
    bare.start();
    try (ScriptedOrigin origin = ScriptedOrigin.start();
        EdgeUnderTest edge = new EdgeUnderTest(directory, origin.port())) {
      origin.on(
          "/hit",
          call ->
              call.ok(
                  new String(BODY, StandardCharsets.US_ASCII),
                  "Cache-Control: max-age=3600",
                  "Content-Type: text/plain",
                  "ETag: \"a\""));
      InetSocketAddress at = (InetSocketAddress) bare.getListenerInfo().getFirst().getAddress();
      long ofBare = bytesEach(at.getPort());
      long ofHit = bytesEach(edge.port());
      System.out.println("a hit: " + ofHit + " bytes, Undertow without features: " + ofBare);
      assertTrue(
          ofHit - ofBare <= MOST_ABOVE_BARE,
          "a hit makes %d bytes of garbage, Undertow %d".formatted(ofHit, ofBare));
      assertTrue(ofHit - ofBare > MOST_ABOVE_BARE - 200, "lower the limit: " + (ofHit - ofBare));
    } finally {
      bare.stop();
    }
  }

  private static Undertow bare() {
    return Undertow.builder()
        .setIoThreads(1)
        .addHttpListener(0, InetAddress.getLoopbackAddress().getHostAddress())
        .setHandler(
            exchange -> {
              exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain");
              exchange.getResponseSender().send(ByteBuffer.wrap(BODY));
            })
        .build();
  }

  private static long bytesEach(int port) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      ask(socket, WARM);
      long before = allocated();
      ask(socket, COUNTED);
      return (allocated() - before) / COUNTED;
    }
  }

  /** One request after the other on one connection. */
  private static void ask(Socket socket, int times) throws IOException {
    byte[] answer = new byte[4096];
    InputStream in = socket.getInputStream();
    for (int i = 0; i < times; i++) {
      socket.getOutputStream().write(REQUEST);
      int read = 0;
      // A body of x's ends an answer, whatever stands in its head.
      while (read <= BODY.length || answer[read - BODY.length] != 'x' || answer[read - 1] != 'x') {
        int count = in.read(answer, read, answer.length - read);
        if (count < 0) {
          throw new EOFException("after " + i + " answers");
        }
        read += count;
      }
    }
  }

  /** Bytes that I/O threads have allocated; nobody else does anything for a hit. */
  private static long allocated() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("I/O"))
        .mapToLong(thread -> THREADS.getThreadAllocatedBytes(thread.threadId()))
        .sum();
  }
}
