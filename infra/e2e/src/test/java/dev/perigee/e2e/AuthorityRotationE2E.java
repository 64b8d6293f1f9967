package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess.Finished;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The edge CA is rotated from begin to finish while readers read and what they read is purged. */
@Full("a whole rotation of the edge CA, with a shield and two edges as processes")
class AuthorityRotationE2E {
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("edge-1", "edge-2");
  private static final String THROUGH_SHIELD = "1.1 perigee, 1.1 perigee";
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Pattern SIGNING = Pattern.compile("signing +([0-9a-f]{64})");

  private final AtomicInteger targets = new AtomicInteger();

  @Test
  void nobodyNoticesThatTheAuthorityIsAnotherOne(@TempDir Path folder) throws Exception {
    try (Network network = new Network(folder);
        JdkOrigin origin = JdkOrigin.start(network.originAddress(), 9000)) {
      network.startControl();
      network.addShield("shield-1", 1, "us-east", "39.04,-77.49");
      network.addEdge("edge-1", 2, "eu-central", "50.11,8.68");
      network.addEdge("edge-2", 3, "ap-southeast", "1.35,103.82");
      network.cliOk("site", "add", HOST, "--origin", origin.url());
      EDGES.forEach(edge -> awaitShield(network, edge));
      String before = signing(network);
      Finished early = network.cli("ca", "rotate", "finish");
      assertEquals(1, early.exitCode(), early.output());

      try (Readers readers = new Readers(network)) {
        for (String step : List.of("begin", "switch", "finish")) {
          network.cliOk("ca", "rotate", step);
          network.cliOk("purge", "--site", HOST, "--everything", "--wait");
          awaitStep(network, step);
        }
        readers.awaitMore();
        assertEquals(List.of(), List.copyOf(readers.failures));
      }

      assertNotEquals(before, signing(network));
      // On new connections too: of a node that starts anew, and between nodes.
      network.killEdge("edge-1");
      network.startEdge("edge-1");
      network.killEdge("shield-1");
      network.startEdge("shield-1", "--peer-port", "8444");
      network.addEdge("edge-3", 4, "eu-north", "59.33,18.07");
      for (String edge : List.of("edge-1", "edge-2", "edge-3")) {
        awaitShield(network, edge);
      }
      network.cliOk("purge", "--site", HOST, "--everything", "--wait");
    }
  }

  private void awaitShield(Network network, String edge) {
    Awaitility.await(edge + " goes through the shield")
        .atMost(SOON)
        .until(
            () ->
                network
                    .get(edge, HOST, "/a/" + targets.incrementAndGet())
                    .field("Via")
                    .equals(THROUGH_SHIELD));
  }

  private static void awaitStep(Network network, String step) {
    String then =
        switch (step) {
          case "begin" -> "next: perigee ca rotate switch";
          case "switch" -> "next: perigee ca rotate finish";
          default -> "no rotation is under way";
        };
    Awaitility.await(then)
        .atMost(SOON)
        .until(() -> network.cliOk("ca", "show").output().contains(then));
  }

  private static String signing(Network network) {
    String shown = network.cliOk("ca", "show").output();
    Matcher matcher = SIGNING.matcher(shown);
    assertTrue(matcher.find(), shown);
    return matcher.group(1);
  }

  /** One of each edge: asks for what is stored, then for what is not. */
  private final class Readers implements AutoCloseable {
    private final Network network;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger answers = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final List<Thread> threads;

    Readers(Network network) {
      this.network = network;
      threads = EDGES.stream().map(edge -> Thread.ofVirtual().start(() -> read(edge))).toList();
    }

    private void read(String edge) {
      try {
        while (!ended.await(50, TimeUnit.MILLISECONDS)) {
          ask(edge, "/a/same");
          ask(edge, "/a/" + targets.incrementAndGet());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException | AssertionError e) {
        failures.add(edge + ": " + e);
      }
    }

    private void ask(String edge, String target) {
      Fetch.Answer answer = network.get(edge, HOST, target);
      if (answer.status() != 200) {
        failures.add(edge + " " + target + ": " + answer);
      }
      answers.incrementAndGet();
    }

    /** They still read. */
    void awaitMore() {
      int now = answers.get();
      assertFalse(now == 0);
      Awaitility.await().atMost(SOON).until(() -> answers.get() > now + 20);
    }

    @Override
    public void close() {
      ended.countDown();
      try {
        for (Thread thread : threads) {
          thread.join(SOON);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
