package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.TestPostgres;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Streams under a model: whatever comes from the window, from the database or late because its news
 * was lost, every stream sees each purge exactly once and in order.
 *
 * <p>Two control planes on one database have a window of a few purges. Purges are issued at either;
 * the other one hears of it only sometimes, and else finds it by looking. Edges come, go on at
 * either where they were, stop reading and read on.
 */
final class StreamModelIT {
  private static final int STEPS = 150;
  private static final int EDGES = 6;
  private static final int WINDOW = 2_000;

  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("stream-.*");

  /** One node, and what it is known to have. */
  private static final class Edge {
    final Identity identity;
    long applied;
    Optional<TestEdge> stream = Optional.empty();
    boolean reading;

    Edge(Identity identity) {
      this.identity = identity;
    }

    void connect(TestControl control, String logId, Random random) throws IOException {
      disconnect();
      reading = random.nextBoolean();
      TestEdge slow = control.slow(identity).hello(identity.node(), 0, applied, logId);
      stream = Optional.of(slow.take(reading ? Integer.MAX_VALUE : 1));
    }

    /** Takes what came, as an edge does: what follows on what it has, and nothing else. */
    void take(FromControl message) {
      if (message instanceof FromControl.Purges(List<Purge> purges)) {
        for (Purge purge : purges) {
          assertEquals(applied + 1, purge.number(), identity.node());
          applied = purge.number();
        }
        stream.ifPresent(edge -> edge.say(new FromEdge.PurgeAck(applied)));
      }
    }

    void drain() throws InterruptedException {
      if (stream.isPresent()) {
        Optional<FromControl> next = stream.get().within(0);
        while (next.isPresent()) {
          take(next.get());
          next = stream.get().within(0);
        }
      }
    }

    void readOn() {
      if (!reading) {
        reading = true;
        stream.ifPresent(edge -> edge.take(Integer.MAX_VALUE));
      }
    }

    /** What is still on its way is lost with the stream; the node says where it is in its Hello. */
    void disconnect() {
      stream.ifPresent(TestEdge::close);
      stream = Optional.empty();
    }
  }

  @Test
  void everyStreamSeesEveryPurgeOnceInOrderWhateverComesFromWhereAndWhen() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    TestPostgres postgres = TestPostgres.fresh();
    try (TestControl one = new TestControl(postgres, WINDOW);
        TestControl two = new TestControl(postgres, WINDOW)) {
      List<TestControl> controls = List.of(one, two);
      List<Edge> edges = new ArrayList<>();
      for (int i = 0; i < EDGES; i++) {
        edges.add(new Edge(one.enrolled("node-" + i, "eu")));
      }
      SiteConfig shop = TestControl.committed(one.sites.add(TestControl.site("shop.example")));
      String logId = one.numbers.head().logId();
      try {
        for (int step = 0; step < STEPS; step++) {
          step(random, controls, edges, shop, logId);
        }
        catchUp(controls, edges, one.purges.head(), logId, random);
      } finally {
        edges.forEach(Edge::disconnect);
      }
      long reads = controls.stream().mapToLong(c -> c.sync.log().counts().purgeReads()).sum();
      assertTrue(reads > 0, "nobody was ever behind the window");
    }
  }

  private static void step(
      Random random, List<TestControl> controls, List<Edge> edges, SiteConfig shop, String logId)
      throws Exception {
    TestControl control = controls.get(random.nextInt(controls.size()));
    Edge edge = edges.get(random.nextInt(edges.size()));
    switch (random.nextInt(6)) {
      case 0 -> edge.connect(control, logId, random);
      case 1 -> edge.disconnect();
      case 2 -> edge.readOn();
      case 3 -> control.numbers.stir(); // news of the other one arrive
      default -> {
        int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 100 : 5);
        for (int i = 0; i < count; i++) {
          PurgeScope tag = new PurgeScope.Tag("t" + i);
          TestControl.committed(
              control.purges.issue(Optional.of(shop.id()), tag, false, Optional.empty()));
        }
      }
    }
    for (Edge each : edges) {
      each.drain();
    }
  }

  /** Everybody connects, reads, and has what there is. */
  private static void catchUp(
      List<TestControl> controls, List<Edge> edges, long head, String logId, Random random)
      throws Exception {
    for (Edge edge : edges) {
      edge.drain();
      if (edge.stream.isEmpty()) {
        edge.connect(controls.get(random.nextInt(controls.size())), logId, random);
      }
      edge.readOn();
    }
    for (Edge edge : edges) {
      TestEdge stream = edge.stream.orElseThrow();
      while (edge.applied < head) {
        edge.take(stream.next(FromControl.class));
      }
      assertEquals(head, edge.applied);
    }
  }
}
