package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool of three nginx whose servers are killed and revived under load. */
class PoolsE2E {
  private static final String HOST = "pool.example";
  private static final int PORT = 9100;
  private static final int SERVERS = 3;
  private static final int READERS = 16;
  private static final Path NGINX = Path.of("/usr/sbin/nginx");

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicLong done = new AtomicLong();
  private final ConcurrentLinkedQueue<String> failed = new ConcurrentLinkedQueue<>();

  @Test
  @Full("servers of a pool of three nginx killed and revived under load, no reader notices")
  void noReaderNoticesThatServersComeAndGo(@TempDir Path folder) throws Exception {
    List<Origin> origins = new ArrayList<>();
    try (Network network = new Network(folder)) {
      for (int i = 0; i < SERVERS; i++) {
        origins.add(start(network, folder, i));
      }
      network.startControl();
      network.addEdge("pool-1", 1, "eu-central", "50.11,8.68");
      String first = origins.getFirst().url();
      network.cliOk("site", "add", HOST, "--origin", first);
      Path file = Files.writeString(folder.resolve("pools.json"), pools(origins));
      network.cliOk("site", "pools", HOST, "--file", file.toString());
      String shown = network.cliOk("site", "pools", HOST).output();
      assertTrue(shown.contains("\"least-requests\""), shown);
      await(() -> network.get("pool-1", HOST, "/t/first").status() == 200);
      await(() -> standings(network).size() == SERVERS);
      List<Thread> readers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        readers.add(Thread.ofVirtual().start(() -> read(network)));
      }
      for (int victim = 0; victim < SERVERS; victim++) {
        String url = origins.get(victim).url();
        more(200);
        origins.get(victim).close();
        await(() -> !standings(network).contains(url + " well"));
        more(200);
        origins.set(victim, start(network, folder, victim));
        await(() -> standings(network).contains(url + " well"));
      }
      over.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
      assertEquals(List.of(), List.copyOf(failed), "of " + done.get());
      System.out.println("no failure among " + done.get() + " requests");
    } finally {
      over.set(true);
      origins.forEach(Origin::close);
    }
  }

  private static Origin start(Network network, Path folder, int number) throws Exception {
    Path own = Files.createDirectories(folder.resolve("server-" + number));
    return NginxOrigin.start(NGINX, own, network.originAddress(), PORT + number);
  }

  private static String pools(List<Origin> origins) {
    StringBuilder servers = new StringBuilder();
    for (Origin origin : origins) {
      servers.append(servers.isEmpty() ? "" : ",").append("{\"url\":\"" + origin.url() + "\"}");
    }
    return """
    {"pools": [{"name": "web", "servers": [%s],
      "balance": {"algorithm": "least-requests"},
      "check": {"path": "/t/health", "statuses": ["200"], "body": "this is", "fall": 2, "rise": 1,
        "intervalMillis": 500, "timeoutMillis": 400}}]}
    """
        .formatted(servers);
  }

  /** What the operator sees: each server and how it is doing. */
  private static List<String> standings(Network network) {
    return network
        .cliOk("site", "health", HOST)
        .output()
        .lines()
        .filter(line -> line.startsWith("pool-1 "))
        .map(line -> line.split(" +", -1))
        .map(cells -> cells[2] + " " + cells[3])
        .toList();
  }

  /** Each request is for something else, so that each goes to an origin. */
  private void read(Network network) {
    while (!over.get()) {
      String target = "/t/" + done.incrementAndGet();
      try {
        Fetch.Answer answer = network.get("pool-1", HOST, target);
        if (answer.status() != 200 || !answer.body().startsWith("this is " + target)) {
          failed.add(target + " " + answer.status() + " " + answer.field("Cache-Status"));
        }
      } catch (RuntimeException e) {
        failed.add(target + " " + e);
      }
    }
  }

  private void more(long count) {
    long target = done.get() + count;
    await(() -> done.get() >= target);
  }

  private static void await(java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofSeconds(40)).until(condition);
  }
}
