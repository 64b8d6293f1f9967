package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The field's tool for slow clients in all its modes against a real edge: the edge closes each of
 * its connections, and whoever reads meanwhile gets the right answers.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Full("slowhttptest against a real edge")
final class SlowhttptestE2E {
  private static final String HOST = "slow.example";
  private static final Path TOOL = Path.of("/usr/bin/slowhttptest");
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int CONNECTIONS = 400;
  private static final int READERS = 4;

  private final Path folder;
  private final Network network;
  private final BigOrigin origin;

  SlowhttptestE2E(@TempDir Path folder) throws Exception {
    this.folder = folder;
    network = new Network(folder);
    origin = BigOrigin.start(network.originAddress(), 9000);
  }

  @BeforeAll
  void up() {
    assertTrue(Files.isExecutable(TOOL), "a full run needs slowhttptest; install it");
    network.startControl();
    network.addEdge(
        "fra-1",
        1,
        "eu-central",
        "50.11,8.68",
        "--head-timeout",
        "2s",
        "--idle-timeout",
        "4s",
        "--pace-grace",
        "2s");
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    Awaitility.await("the site is served").atMost(SOON).until(() -> ask("/page/1000").isHit());
    Awaitility.await("large ones, too").atMost(SOON).until(() -> ask("/large/4000000").isHit());
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  private Fetch.Answer ask(String target) {
    return network.get("fra-1", HOST, target);
  }

  /** It asks as if the edge were a proxy, so that it looks up no name. */
  private List<String> command(String target, String... mode) {
    List<String> command = new ArrayList<>(List.of(TOOL.toString()));
    command.addAll(Arrays.asList(mode));
    command.addAll(List.of("-c", CONNECTIONS + "", "-r", CONNECTIONS + "", "-i", "1"));
    command.addAll(List.of("-l", "60", "-u", "http://" + HOST + target));
    command.addAll(List.of("-d", network.address("fra-1") + ":" + Network.HTTP));
    return command;
  }

  /** It says that no connection is left, which only the edge brings about in this time. */
  private static void allClosed(RunningProcess attack) {
    attack.awaitExit(SOON);
    String said = attack.output().replaceAll("\u001b\\[[0-9;]*[A-Za-z]", "");
    assertTrue(said.contains("No open connections left"), said);
  }

  /** It holds its ends, and looks at none; the edge's are gone. */
  private void allGone(RunningProcess attack) {
    Awaitility.await("all are open").atMost(SOON).until(() -> edgeFiles() >= CONNECTIONS);
    Awaitility.await("all are closed").atMost(SOON).until(() -> edgeFiles() < CONNECTIONS);
    assertTrue(attack.isAlive(), attack.output());
  }

  private long edgeFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + network.pid("fra-1") + "/fd"))) {
      return files.count();
    }
  }

  /** Runs it, with readers beside it, until none of its connections is left. */
  private void survives(String what, List<String> command, Consumer<RunningProcess> untilClosed)
      throws Exception {
    String right = ask("/page/1000").body();
    AtomicBoolean over = new AtomicBoolean();
    Queue<Long> nanos = new ConcurrentLinkedQueue<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        RunningProcess attack = RunningProcess.start(what, folder, Map.of(), command)) {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        readers.add(threads.submit(() -> read(right, over, nanos)));
      }
      try {
        untilClosed.accept(attack);
      } finally {
        over.set(true);
      }
      for (Future<Integer> reader : readers) {
        assertTrue(reader.get() > 0, "each reader had answers");
      }
    }
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    System.out.printf(
        "SlowhttptestE2E: %s: %d answers, p50 %.1f ms, p99 %.1f ms%n",
        what,
        sorted.length,
        sorted[sorted.length / 2] / 1e6,
        sorted[sorted.length * 99 / 100] / 1e6);
  }

  /** Reads until it is over; fails at the first wrong answer. */
  private int read(String right, AtomicBoolean over, Queue<Long> nanos) {
    int answers = 0;
    while (!over.get()) {
      long begun = System.nanoTime();
      Fetch.Answer answer = ask("/page/1000");
      nanos.add(System.nanoTime() - begun);
      assertEquals(200, answer.status());
      assertEquals(right, answer.body());
      answers++;
    }
    return answers;
  }

  @Test
  void slowHeaders() throws Exception {
    survives("slow headers", command("/page/1000", "-H"), SlowhttptestE2E::allClosed);
  }

  @Test
  void slowBodies() throws Exception {
    survives(
        "slow bodies", command("/upload/10", "-B", "-s", "100000"), SlowhttptestE2E::allClosed);
  }

  @Test
  void slowReaders() throws Exception {
    survives(
        "slow readers",
        command("/large/4000000", "-X", "-w", "1", "-y", "512", "-n", "1", "-z", "5"),
        this::allGone);
  }

  /** CVE-2011-3192: thousands of ranges that overlap. */
  @Test
  void manyRanges() throws Exception {
    survives(
        "many ranges",
        command("/large/4000000", "-R", "-t", "GET", "-a", "1", "-b", "2000"),
        SlowhttptestE2E::allClosed);
  }
}
