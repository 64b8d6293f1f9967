package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.perigee.testkit.Full;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A shield and two edges as processes: a herd costs one request, and a purge is final. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Full("two edges and a shield as processes")
class ShieldE2E {
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("edge-1", "edge-2");
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int READERS = 40;
  private static final int ROUNDS = 8;

  private final Network network;
  private final Versions origin;
  private final HeldLink link;
  private int purges;

  ShieldE2E(@TempDir Path folder) throws Exception {
    network = new Network(folder);
    origin = new Versions(network.originAddress());
    link = new HeldLink(network.originAddress(), 9001, network.controlAddress(), Network.GRPC);
  }

  @BeforeAll
  void up() {
    // A shield whose link is held may not go around it, as it would after two silent beats.
    network.startControl(Network.CITIES, "--edge-pulse", "60000");
    network.addShield("shield-1", 1, "us-east", "39.04,-77.49", "--control", link.address());
    network.addEdge("edge-1", 2, "eu-central", "50.11,8.68");
    network.addEdge("edge-2", 3, "ap-southeast", "1.35,103.82");
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    // An edge goes through the shield from when both know of each other.
    for (String edge : EDGES) {
      AtomicInteger tries = new AtomicInteger();
      Awaitility.await()
          .atMost(SOON)
          .until(
              () ->
                  network
                      .get(edge, HOST, "/start/" + edge + tries.incrementAndGet())
                      .field("Via")
                      .equals("1.1 perigee, 1.1 perigee"));
    }
  }

  @AfterAll
  void down() throws Exception {
    link.close();
    network.close();
    origin.close();
  }

  private void awaitPurge(String node, int number) {
    Awaitility.await(node + " has purge " + number)
        .atMost(SOON)
        .until(
            () ->
                Fetch.get(network.address(node), Network.ADMIN, "admin", "/health")
                    .body()
                    .contains("\"purge\":" + number + ","));
  }

  @Test
  void aHerdAtAllEdgesCostsTheOriginOneRequest() throws Exception {
    CountDownLatch asked = new CountDownLatch(READERS);
    origin.hold("/herd", asked);
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Fetch.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        String edge = EDGES.get(i % EDGES.size());
        answers.add(
            readers.submit(
                () -> {
                  asked.countDown();
                  return network.get(edge, HOST, "/herd");
                }));
      }
      for (Future<Fetch.Answer> answer : answers) {
        assertEquals("v1", answer.get(30, TimeUnit.SECONDS).body());
      }
    }
    assertEquals(1, origin.fetches("/herd"));
  }

  /** All nodes get a purge at once, and the edges ask the shield as soon as they have it. */
  @Test
  void afterAPurgeNoEdgeGivesWhatWasBeforeIt() {
    for (String edge : EDGES) {
      network.get(edge, HOST, "/race");
    }
    for (int round = 0; round < ROUNDS; round++) {
      String version = origin.next();
      network.cliOk("purge", "--site", HOST, "--url", "http://" + HOST + "/race", "--wait");
      purges++;
      for (String edge : EDGES) {
        assertEquals(version, network.get(edge, HOST, "/race").body(), edge);
      }
    }
  }

  @Test
  void aShieldThatHasNotHeardOfThePurgeGivesNothingOldToAnEdgeThatHas() throws Exception {
    for (String edge : EDGES) {
      network.get(edge, HOST, "/held");
    }
    awaitPurge("shield-1", purges);
    link.hold();
    try {
      String version = origin.next();
      network.cliOk("purge", "--site", HOST, "--prefix", "/held");
      purges++;
      for (String edge : EDGES) {
        awaitPurge(edge, purges);
        Fetch.Answer answer = network.get(edge, HOST, "/held");
        assertEquals(version, answer.body());
        assertTrue(answer.field("Cache-Status").contains("purge-behind"), answer.toString());
      }
    } finally {
      link.release();
    }
    awaitPurge("shield-1", purges);
    String version = origin.next();
    network.cliOk("purge", "--site", HOST, "--prefix", "/held", "--soft", "--wait");
    purges++;
    for (String edge : EDGES) {
      assertEquals(version, network.get(edge, HOST, "/held").body());
    }
  }

  /** Answers every path with the version of the moment. */
  private static final class Versions implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<String> fetched = java.util.Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger version = new AtomicInteger(1);
    private volatile String held = "";
    private volatile CountDownLatch until = new CountDownLatch(0);

    Versions(String address) throws IOException {
      server = HttpServer.create(new InetSocketAddress(address, 9000), 0);
      server.createContext("/", this::answer);
      server.setExecutor(threads);
      server.start();
    }

    String url() {
      return "http://" + server.getAddress().getAddress().getHostAddress() + ":9000";
    }

    String next() {
      return "v" + version.incrementAndGet();
    }

    void hold(String target, CountDownLatch latch) {
      until = latch;
      held = target;
    }

    long fetches(String target) {
      synchronized (fetched) {
        return fetched.stream().filter(target::equals).count();
      }
    }

    private void answer(HttpExchange exchange) throws IOException {
      try (exchange) {
        String target = exchange.getRequestURI().toString();
        fetched.add(target);
        byte[] body =
            (target.equals(held) ? "v1" : "v" + version).getBytes(StandardCharsets.US_ASCII);
        if (target.equals(held) && !until.await(20, TimeUnit.SECONDS)) {
          throw new IOException("not all have asked");
        }
        exchange.getResponseHeaders().set("Cache-Control", "public, max-age=3600");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      server.stop(0);
      threads.shutdownNow();
    }
  }
}
