package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.local.demo.LargeFile;
import dev.perigee.testkit.Full;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What is larger than the memory, or than the store, of the edge that carries it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LargeE2E {
  private static final String HOST = "big.example";
  private static final long MEBI = 1024L * 1024;
  private static final long STORE = 100 * MEBI;

  private final Network network;
  private final BigOrigin origin;

  LargeE2E(@TempDir Path folder) throws IOException {
    network = new Network(folder);
    origin = BigOrigin.start(network.originAddress(), 9000);
  }

  @BeforeAll
  void up() {
    network.startControl();
    network.addEdge("big-1", 1, "eu-central", "50.11,8.68", "--cache-size", "100m");
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> network.get("big-1", HOST, "/up/1").status() == 200);
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void anObjectPastTheStoreReachesAFastAndASlowClientAtOnce() throws Exception {
    streamToFastAndSlow("/short", 160 * MEBI, Duration.ofSeconds(4));
  }

  @Test
  void moreThanTheStoreHoldsIsPushedThroughIt() throws Exception {
    push("/short", 2 * MEBI, 150);
  }

  @Test
  @Full("a 2 GiB object through an edge with a heap of 512 MiB, to a fast and a slow client")
  void twoGibibytesReachAFastAndASlowClientAtOnce() throws Exception {
    streamToFastAndSlow("/long", 2048 * MEBI, Duration.ofSeconds(60));
  }

  @Test
  @Full("10 GiB through a store of 100 MiB, of which no file grows past it")
  void tenGibibytesArePushedThroughTheStore() throws Exception {
    push("/long", 2 * MEBI, 5 * 1024);
  }

  /** The slow one reads evenly over {@code slowly}, so that it lags behind for that long. */
  private void streamToFastAndSlow(String path, long length, Duration slowly) throws Exception {
    String target = path + "/" + length;
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Long> fast = clients.submit(reader(target, length, Duration.ZERO));
      Future<Long> slow = clients.submit(reader(target, length, slowly));

      assertEquals(length, fast.get(5, TimeUnit.MINUTES));
      assertEquals(length, slow.get(5, TimeUnit.MINUTES));
    }
    assertTrue(largestFile() <= STORE + STORE / 10, "largest file " + largestFile());
  }

  private Callable<Long> reader(String target, long length, Duration atLeast) {
    return () -> {
      LargeFile expected = new LargeFile(length);
      long[] position = {0};
      long begun = System.nanoTime();
      Fetch.stream(
          network.address("big-1"),
          Network.HTTP,
          HOST,
          target,
          (bytes, count) -> {
            if (bytes[0] != expected.at(position[0])
                || bytes[count - 1] != expected.at(position[0] + count - 1)) {
              throw new IOException("wrong bytes near " + position[0]);
            }
            position[0] += count;
            long due = begun + (long) (atLeast.toNanos() * ((double) position[0] / length));
            LockSupport.parkNanos(Math.max(0, due - System.nanoTime()));
          });
      return position[0];
    };
  }

  private void push(String path, long length, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      String target = path + "-" + i + "/" + length;
      long[] received = {0};
      Fetch.Answer answer =
          Fetch.stream(
              network.address("big-1"), Network.HTTP, HOST, target, (b, n) -> received[0] += n);

      assertEquals(200, answer.status(), target);
      assertEquals(length, received[0], target);
    }
    assertTrue(largestFile() <= STORE + STORE / 10, "largest file " + largestFile());
    String last = path + "-" + (count - 1) + "/" + length;
    assertTrue(network.get("big-1", HOST, last).isHit(), "the newest object is kept");
  }

  private long largestFile() throws IOException {
    try (Stream<Path> files = Files.walk(network.edgeState("big-1"))) {
      return files
          .filter(Files::isRegularFile)
          .mapToLong(file -> file.toFile().length())
          .max()
          .orElse(0);
    }
  }
}
