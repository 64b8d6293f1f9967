package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.perigee.testkit.Full;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Floods of handshakes, of streams that are reset and of misses against a real edge: whoever reads
 * from its cache meanwhile gets the right answers.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Full("floods against a real edge")
final class FloodE2E {
  private static final String HOST = "flood.example";
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int FLOODERS = 64;
  private static final int READERS = 4;

  /** Answers that each reader has while the flood goes on; then it ends. */
  private static final int ANSWERS = 100;

  private static final int MISSES = 2_000;

  /** Of a TLS record that has a handshake in it (RFC 8446, section 5.1). */
  private static final int HANDSHAKE = 22;

  private final Path folder;
  private final Network network;
  private final HttpServer origin;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicInteger held = new AtomicInteger();
  private final AtomicInteger clients = new AtomicInteger();

  FloodE2E(@TempDir Path folder) throws Exception {
    this.folder = folder;
    network = new Network(folder);
    origin = HttpServer.create(new InetSocketAddress(network.originAddress(), 9000), 0);
    origin.createContext("/page", FloodE2E::answer);
    origin.createContext(
        "/held",
        exchange -> {
          held.incrementAndGet();
          await(released);
          answer(exchange);
        });
    origin.setExecutor(threads);
    origin.start();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = ("this is " + exchange.getRequestURI()).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Cache-Control", "max-age=3600");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(SOON.toSeconds() * 4, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @BeforeAll
  void up() throws Exception {
    network.startControl();
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.cliOk(
        "site", "add", HOST, "--origin", "http://" + network.originAddress() + ":" + 9000);
    TestCertificate certificate = TestCertificate.create(folder, HOST);
    network.cliOk(
        "cert",
        "add",
        "--cert",
        certificate.chainFile().toString(),
        "--key",
        certificate.keyFile().toString());
    Awaitility.await("the site is served").atMost(SOON).until(() -> ask().isHit());
    Awaitility.await("over TLS, too").atMost(SOON).until(() -> isGreeted(hello()));
  }

  @AfterAll
  void down() {
    released.countDown();
    network.close();
    origin.stop(0);
    threads.shutdownNow();
  }

  private Fetch.Answer ask() {
    return network.get("fra-1", HOST, "/page");
  }

  /** One client of the flood, until it is told that it is over. */
  private interface Flooder {
    /** Does it once; whether that had an effect at the edge. */
    boolean flood() throws IOException;
  }

  /** Floods until all readers have had their answers. */
  private void survives(String what, Flooder flooder) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger floods = new AtomicInteger();
    List<Future<?>> flooders = new ArrayList<>();
    for (int i = 0; i < FLOODERS; i++) {
      flooders.add(
          threads.submit(
              () -> {
                while (!over.get()) {
                  floods.addAndGet(flooder.flood() ? 1 : 0);
                }
                return null;
              }));
    }
    try {
      Awaitility.await("it floods").atMost(SOON).until(() -> floods.get() >= FLOODERS);
      readersAreServed(what);
    } finally {
      over.set(true);
    }
    for (Future<?> one : flooders) {
      one.get();
    }
    System.out.println("FloodE2E: " + what + ": " + floods.get());
  }

  /** Each reader has all its answers, right ones. */
  private void readersAreServed(String beside) throws Exception {
    Queue<Long> nanos = new ConcurrentLinkedQueue<>();
    List<Future<?>> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      readers.add(threads.submit(() -> read(nanos)));
    }
    for (Future<?> reader : readers) {
      reader.get();
    }
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    System.out.printf(
        "FloodE2E: beside %s: %d answers, p50 %.1f ms, p99 %.1f ms%n",
        beside,
        sorted.length,
        sorted[sorted.length / 2] / 1e6,
        sorted[sorted.length * 99 / 100] / 1e6);
  }

  private void read(Queue<Long> nanos) {
    for (int i = 0; i < ANSWERS; i++) {
      long begun = System.nanoTime();
      Fetch.Answer answer = ask();
      nanos.add(System.nanoTime() - begun);
      assertEquals(200, answer.status());
      assertEquals("this is /page", answer.body());
      assertTrue(answer.isHit(), answer.toString());
    }
  }

  /** A client that greets, waits for the edge's part and leaves: it costs the client nothing. */
  @Test
  void handshakesDoNotStarveHits() throws Exception {
    byte[] hello = hello();
    survives("handshakes", () -> isGreeted(hello));
  }

  private byte[] hello() throws SSLException, NoSuchAlgorithmException {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine(HOST, Network.HTTPS);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(HOST)));
    engine.setSSLParameters(parameters);
    engine.setUseClientMode(true);
    ByteBuffer packet = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), packet);
    byte[] hello = new byte[packet.flip().remaining()];
    packet.get(hello);
    return hello;
  }

  private boolean isGreeted(byte[] hello) {
    try (Socket socket = open(Network.HTTPS)) {
      socket.getOutputStream().write(hello);
      return socket.getInputStream().read() == HANDSHAKE;
    } catch (IOException e) {
      return false; // refused for now: that is the edge's right
    }
  }

  /** Each client has an address of its own. */
  private Socket open(int port) throws IOException {
    int client = clients.getAndIncrement();
    Socket socket = new Socket();
    socket.setSoTimeout((int) SOON.toMillis());
    socket.bind(new InetSocketAddress("127.9." + client / 250 % 250 + "." + (1 + client % 250), 0));
    socket.connect(new InetSocketAddress(network.address("fra-1"), port), 20_000);
    return socket;
  }

  /** CVE-2023-44487: a connection takes as many streams as the edge stands, each reset at once. */
  @Test
  void streamsThatAreResetDoNotStarveHits() throws Exception {
    byte[] streams = resetStreams(1000);
    survives(
        "connections of streams that are reset",
        () -> {
          try (Socket socket = open(Network.HTTP)) {
            try {
              socket.getOutputStream().write(streams);
              // It ends the connection, or answers all: its frames are read until then.
              return socket.getInputStream().skip(1 << 16) > 0;
            } catch (SocketException e) {
              return true; // ended while it still sent
            }
          } catch (IOException e) {
            return false; // not even let in, or left to wait
          }
        });
  }

  private static byte[] resetStreams(int count) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(all, 4, 0, 0, new byte[0]);
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (String field :
        List.of(":method=GET", ":scheme=http", ":authority=" + HOST, ":path=/page")) {
      // Literal, without indexing, a new name (RFC 7541, section 6.2.2).
      int split = field.indexOf('=');
      block.write(0);
      block.write(split);
      block.write(field.substring(0, split).getBytes(StandardCharsets.US_ASCII));
      block.write(field.length() - split - 1);
      block.write(field.substring(split + 1).getBytes(StandardCharsets.US_ASCII));
    }
    for (int i = 0; i < count; i++) {
      frame(all, 1, 5, 2 * i + 1, block.toByteArray());
      frame(all, 3, 0, 2 * i + 1, new byte[] {0, 0, 0, 8});
    }
    return all.toByteArray();
  }

  /** RFC 9113, section 4.1. */
  private static void frame(OutputStream to, int type, int flags, int stream, byte[] payload)
      throws IOException {
    ByteBuffer head = ByteBuffer.allocate(9);
    head.put((byte) 0).putShort((short) payload.length).put((byte) type).put((byte) flags);
    head.putInt(stream);
    to.write(head.array());
    to.write(payload);
  }

  /** The origin answers none of them until all is over. */
  @Test
  void missesThatWaitDoNotStarveHits() throws Exception {
    String head = " HTTP/1.1\r\nHost: " + HOST + "\r\n\r\n";
    List<Socket> waiting = new ArrayList<>();
    try {
      for (int i = 0; i < MISSES; i++) {
        Socket socket = open(Network.HTTP);
        waiting.add(socket);
        String request = "GET /held/" + i + head;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      }
      Awaitility.await("the origin is busy").atMost(SOON).until(() -> held.get() > FLOODERS);
      readersAreServed(MISSES + " misses that wait");
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }
}
