package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginUrl;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 to origins (RFC 9113): real servers, and one of raw frames. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class Http2OriginIT {
  private static final byte[] OK = {(byte) 0x88};
  private static final byte[] EARLY_HINTS = {8, 3, '1', '0', '3'};
  private static final int BIG = 8 << 20;

  @TempDir Path directory;
  private final TestAuthority authority = new TestAuthority();

  /** What a server of raw frames does with a request. */
  private interface Script {
    void answer(Frames out, int connection, int stream) throws IOException;
  }

  /** Writes frames. */
  private record Frames(DataOutputStream out) {
    void send(int type, int flags, int stream, byte... payload) throws IOException {
      out.writeInt(payload.length << 8 | type);
      out.writeByte(flags);
      out.writeInt(stream);
      out.write(payload);
      out.flush();
    }

    void number(int type, int stream, int... numbers) throws IOException {
      ByteBuffer payload = ByteBuffer.allocate(4 * numbers.length);
      for (int number : numbers) {
        payload.putInt(number);
      }
      send(type, 0, stream, payload.array());
    }

    void ok(int stream, String body) throws IOException {
      send(1, 4, stream, OK);
      send(0, 1, stream, body.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
  }

  private final AtomicInteger connections = new AtomicInteger();

  private ServerSocket serve(Script script) throws IOException {
    ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                while (true) {
                  Socket socket = server.accept();
                  int number = connections.incrementAndGet();
                  Thread.ofVirtual().start(() -> serve(socket, number, script));
                }
              } catch (IOException e) {
                // The test is over.
                return;
              }
            });
    return server;
  }

  private static void serve(Socket socket, int number, Script script) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      Frames out = new Frames(new DataOutputStream(socket.getOutputStream()));
      in.skipNBytes(24);
      out.send(4, 0, 0);
      while (true) {
        int head = in.readInt();
        in.readByte();
        int stream = in.readInt();
        in.skipNBytes(head >>> 8);
        if ((head & 0xff) == 1) {
          script.answer(out, number, stream);
        }
      }
    } catch (IOException e) {
      // The edge went away, or the script has closed.
      return;
    }
  }

  private TransportEdge edge(ServerSocket server) throws Exception {
    OriginUrl url = new OriginUrl("http", "127.0.0.1", server.getLocalPort());
    return new TransportEdge(directory, authority, TransportEdge.http2(authority), url);
  }

  @Test
  void earlyHintsEndNoExchangeAndReachTheReader() throws Exception {
    ServerSocket server =
        serve(
            (out, connection, stream) -> {
              out.send(1, 4, stream, EARLY_HINTS);
              out.send(1, 4, stream, EARLY_HINTS);
              out.ok(stream, "good");
            });
    try (server;
        TransportEdge edge = edge(server);
        RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a", "Cache-Control: no-store");
      assertEquals(103, client.head().status());
      assertEquals(103, client.head().status());
      assertEquals("good", client.response(false).body());
    }
  }

  /** RFC 9113, section 8.7: it was not processed, so any request may go out again. */
  @Test
  void aRefusedStreamIsAskedForAgainWhateverTheMethod() throws Exception {
    ServerSocket server =
        serve(
            (out, connection, stream) -> {
              if (connection == 1) {
                out.number(3, stream, 7);
              } else {
                out.ok(stream, "good");
              }
            });
    try (server;
        TransportEdge edge = edge(server)) {
      assertEquals("good", RawClient.request(edge.port(), "POST", "/a").body());
    }
  }

  /** RFC 9113, section 6.8: what the server knows comes to its end, the rest goes elsewhere. */
  @Test
  void afterGoawayKnownStreamsEndWellAndOthersAreAskedElsewhere() throws Exception {
    ServerSocket server =
        serve(
            (out, connection, stream) -> {
              if (connection == 1 && stream == 1) {
                out.send(1, 4, stream, OK);
                out.send(0, 0, stream, (byte) 'g');
              } else if (connection == 1) {
                out.number(7, 0, 1, 0);
                out.send(0, 1, 1, (byte) 'o');
              } else {
                out.ok(stream, "elsewhere");
              }
            });
    try (server;
        TransportEdge edge = edge(server);
        RawClient first = new RawClient(edge.port());
        RawClient second = new RawClient(edge.port())) {
      first.send("POST", "/first");
      assertEquals(200, first.head().status());
      second.send("POST", "/second");
      assertEquals("elsewhere", second.response(false).body());
      assertEquals("01\r\ng\r\n01\r\no\r\n0\r\n\r\n", first.read(19));
      assertEquals(2, connections.get());
    }
  }

  @Test
  void malformedFieldsAre502AndCostOnlyTheirStream() throws Exception {
    ServerSocket server =
        serve(
            (out, connection, stream) -> {
              // A name with an upper-case letter.
              out.send(1, 5, stream, (byte) 0x88, (byte) 0, (byte) 1, (byte) 'A', (byte) 0);
            });
    try (server;
        TransportEdge edge = edge(server)) {
      Response response = RawClient.request(edge.port(), "POST", "/a");
      assertEquals(502, response.status());
      assertTrue(response.cacheStatus().contains("origin-bad-response"), response.cacheStatus());
    }
  }

  @Test
  void aReaderWhoTakesNothingHoldsUpNobodyElse() throws Exception {
    byte[] big = new byte[BIG];
    Undertow server =
        Undertow.builder()
            .setIoThreads(2)
            .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange -> {
                  exchange
                      .getResponseHeaders()
                      .put(io.undertow.util.Headers.CACHE_CONTROL, "no-store");
                  if (exchange.getRequestPath().equals("/big")) {
                    exchange.getResponseSender().send(ByteBuffer.wrap(big));
                  } else {
                    exchange.getResponseSender().send("small");
                  }
                })
            .build();
    server.start();
    int port = ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
    OriginUrl url = new OriginUrl("http", "127.0.0.1", port);
    List<RawClient> slow = new ArrayList<>();
    try (TransportEdge edge =
            new TransportEdge(directory, authority, TransportEdge.http2(authority), url);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 20; i++) {
        RawClient client = new RawClient(edge.port(), 64 * 1024);
        client.send("GET", "/big");
        assertEquals(200, client.head().status());
        slow.add(client);
      }
      List<Callable<Response>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        calls.add(() -> RawClient.get(edge.port(), "/small"));
      }
      for (Future<Response> answer : clients.invokeAll(calls)) {
        assertEquals("small", answer.get().body());
      }
      for (RawClient client : slow) {
        assertEquals(BIG, client.read(BIG).length());
      }
      assertTrue(edge.originConnections() <= 3, edge.originConnections() + " connections");
    } finally {
      for (RawClient client : slow) {
        client.close();
      }
      server.stop();
    }
  }
}
