package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What passes as it comes: events, trailers, expectations, early answers. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class TransportIT {
  private static final String EVENTS =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  @Test
  void eachEventReachesTheReaderBeforeTheNextIsSent() throws Exception {
    CountDownLatch[] read = new CountDownLatch[5];
    for (int i = 0; i < read.length; i++) {
      read[i] = new CountDownLatch(1);
    }
    origin.on(
        "/events",
        call -> {
          call.send(EVENTS);
          for (int i = 0; i < read.length; i++) {
            // The head as well, before the first event.
            if (!read[i].await(20, TimeUnit.SECONDS)) {
              call.reset();
              return;
            }
            call.send("9\r\ndata: " + i + "\n\n\r\n");
          }
          call.send("0\r\n\r\n");
        });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/events");
      assertEquals(200, client.head().status());
      for (int i = 0; i < read.length; i++) {
        read[i].countDown();
        assertEquals("09\r\ndata: " + i + "\n\n\r\n", client.read(15));
      }
      assertEquals("0\r\n\r\n", client.read(5));
    }
  }

  @Test
  void trailersReachAReaderWhoUnderstandsThemButForThoseThatMayNotFollow() throws Exception {
    String body = "4\r\ngood\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nSet-Cookie: a=b\r\n\r\n";
    origin.on(
        "/a",
        call ->
            call.send(
                "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + body));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a", "TE: trailers", "Connection: TE");
      assertEquals(200, client.head().status());
      String followed = "04\r\ngood\r\n0\r\nX-Sum: 1\r\n\r\n";
      assertEquals(followed, client.read(followed.length()));
      client.send("GET", "/a");
      assertEquals(200, client.head().status());
      String plain = "04\r\ngood\r\n0\r\n\r\n";
      assertEquals(plain, client.read(plain.length()));
    }
    assertEquals("trailers", origin.requests("/a").getFirst().first("TE").orElse(""));
    assertEquals("", origin.requests("/a").getLast().first("TE").orElse(""));
  }

  @Test
  void trailersOfARequestReachTheOrigin() throws Exception {
    CountDownLatch come = new CountDownLatch(1);
    StringBuilder seen = new StringBuilder();
    origin.onHead(
        "/up",
        call -> {
          byte[] bytes = new byte[1024];
          while (seen.indexOf("X-Sum") < 0 || !seen.toString().endsWith("\r\n\r\n")) {
            int count = call.receive(bytes);
            seen.append(new String(bytes, 0, count, java.nio.charset.StandardCharsets.ISO_8859_1));
          }
          come.countDown();
          call.ok("got it");
        });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/up", "Transfer-Encoding: chunked", "TE: trailers");
      client.send("3\r\nabc\r\n0\r\nClient_Cert: :AA==:\r\nclient_cert_chain: :AA==:\r\n");
      client.send("Client-Cert: :AA==:\r\nX-Sum: 7\r\nAuthorization: no\r\n\r\n");
      assertEquals("got it", client.response(false).body());
    }
    assertTrue(come.await(20, TimeUnit.SECONDS));
    assertTrue(
        seen.toString().endsWith("abc\r\n0\r\nx-sum: 7\r\n\r\n")
            || seen.toString().endsWith("abc\r\n0\r\nX-Sum: 7\r\n\r\n"),
        seen.toString());
  }

  /** RFC 9110, section 10.1.1: the origin decides whether the body is sent at all. */
  @Test
  void anExpectationIsTheOriginsToMeetOrRefuse() throws Exception {
    CountDownLatch decide = new CountDownLatch(1);
    origin.onHead(
        "/yes",
        call -> {
          assertEquals("100-continue", call.request().first("Expect").orElse(""));
          decide.await(20, TimeUnit.SECONDS);
          call.send("HTTP/1.1 100 Continue\r\n\r\n");
          assertEquals(3, call.receive(new byte[16]));
          call.ok("got it");
        });
    origin.onHead(
        "/no", call -> call.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/no", "Content-Length: 3", "Expect: 100-continue");
      Response refused = client.head();
      assertEquals(413, refused.status(), "not even 100 was sent");
      assertEquals("no", client.read(2));
    }
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/yes", "Content-Length: 3", "Expect: 100-continue");
      decide.countDown();
      assertEquals(100, client.head().status());
      client.send("abc");
      assertEquals("got it", client.response(false).body());
    }
  }

  @Test
  void anOriginThatKnowsNothingOfExpectationsGetsTheBodyAllTheSame() throws Exception {
    origin.onHead(
        "/old",
        call -> {
          assertEquals(3, call.receive(new byte[16]));
          call.ok("got it");
        });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("POST", "/old", "Content-Length: 3", "Expect: 100-continue");
      assertEquals(100, client.head().status());
      client.send("abc");
      assertEquals("got it", client.response(false).body());
    }
  }

  @Test
  void aSlowOriginSlowsTheUploadDownAndGetsAllOfIt() throws Exception {
    int total = 32 << 20;
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch sent = new CountDownLatch(1);
    origin.onHead(
        "/up",
        call -> {
          go.await(20, TimeUnit.SECONDS);
          byte[] bytes = new byte[1 << 16];
          long sum = 0;
          while (sum < total) {
            int count = call.receive(bytes);
            for (int i = 0; i < count; i++) {
              if (bytes[i] != (byte) ((sum + i) % 251)) {
                call.reset();
                return;
              }
            }
            sum += count;
          }
          call.ok("" + sum);
        });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("PUT", "/up", "Content-Length: " + total);
      Thread upload =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      byte[] block = new byte[251 * 256];
                      for (int i = 0; i < block.length; i++) {
                        block[i] = (byte) (i % 251);
                      }
                      for (int left = total; left > 0; left -= Math.min(left, block.length)) {
                        client.send(java.util.Arrays.copyOf(block, Math.min(left, block.length)));
                      }
                      sent.countDown();
                    } catch (java.io.IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      assertFalse(sent.await(1, TimeUnit.SECONDS), "32 MiB went nowhere");
      go.countDown();
      assertEquals("" + total, client.response(false).body());
      upload.join();
    }
  }

  @Test
  void aConnectionClosedByTheServerBetweenRequestsIsNoError() throws Exception {
    String ok = "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n";
    origin.on("/kept", call -> call.send(ok + "Content-Length: 4\r\n\r\ngood"));
    origin.on(
        "/quiet",
        call -> {
          call.send(ok + "Content-Length: 4\r\n\r\ngood");
          call.close();
        });
    origin.on(
        "/said",
        call -> {
          call.send(ok + "Connection: close\r\nContent-Length: 4\r\n\r\ngood");
          call.close();
        });
    for (String target : new String[] {"/quiet", "/said", "/kept"}) {
      for (int i = 0; i < 50; i++) {
        assertEquals("good", RawClient.get(edge.port(), target).body(), target);
      }
    }
  }

  @Test
  void inSteadyStateConnectionsAreUsedAgain() throws Exception {
    origin.on("/a", call -> call.ok("good", "Cache-Control: no-store"));
    int requests = 1000;
    try (RawClient client = new RawClient(edge.port())) {
      for (int i = 0; i < requests; i++) {
        client.send("GET", "/a");
        assertEquals("good", client.response(false).body());
      }
    }
    long connections =
        origin.requests("/a").stream().mapToInt(ScriptedOrigin.Seen::connection).distinct().count();
    assertTrue(connections * 100 <= requests, connections + " connections");
  }
}
