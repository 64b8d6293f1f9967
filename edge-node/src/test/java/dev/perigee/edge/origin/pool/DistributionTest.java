package dev.perigee.edge.origin.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Ejection;
import dev.perigee.edge.request.FieldList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How each algorithm spreads requests over the servers of a pool. */
final class DistributionTest {
  private static final int MANY = 100_000;

  @Test
  void turnsGoByWeightAndAreMixedEvenly() {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.ROUND_ROBIN, 5, 1, 1);
    int[] counts = new int[3];
    int run = 0;
    int longest = 0;
    for (int i = 0; i < 7 * 1000; i++) {
      int chosen = PoolFixture.choose(pool, "/");
      counts[chosen]++;
      run = chosen == 0 ? run + 1 : 0;
      longest = Math.max(longest, run);
      if (i % 7 == 6) {
        int rounds = i / 7 + 1;
        assertTrue(Math.abs(counts[0] - 5 * rounds) <= 1, Arrays.toString(counts));
        assertTrue(Math.abs(counts[1] - rounds) <= 1, Arrays.toString(counts));
      }
    }
    assertTrue(longest <= 5, "the heavy server was asked " + longest + " times in a row");
  }

  @Test
  void aServerThatComesBackHasSavedUpNoTurns() {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.ROUND_ROBIN, 1, 1);
    for (int i = 0; i < 1000; i++) {
      assertEquals(0, pool.choose(2, ServerPool.NONE, 0, 0));
    }
    int[] counts = new int[2];
    for (int i = 0; i < 100; i++) {
      counts[pool.choose(0, ServerPool.NONE, 0, 0)]++;
    }
    assertTrue(Math.abs(counts[0] - counts[1]) <= 1, Arrays.toString(counts));
  }

  @Test
  void turnsOfManyThreadsAreFairToo() throws InterruptedException {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.ROUND_ROBIN, 3, 1);
    int[][] counts = new int[4][2];
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < counts.length; t++) {
      int[] own = counts[t];
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 10_000; i++) {
                      own[pool.choose(0, ServerPool.NONE, 0, 0)]++;
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    int heavy = Arrays.stream(counts).mapToInt(own -> own[0]).sum();
    assertEquals(30_000, heavy, 400);
  }

  /** Requests that stay: each begins at a server and none ends. */
  @Test
  void ofTwoTheOneWithFewerRequestsIsTaken() {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.LEAST_REQUESTS, 1, 1, 1, 1, 4);
    for (int i = 0; i < 8000; i++) {
      pool.began(PoolFixture.choose(pool, "/"));
    }
    for (int i = 0; i < 4; i++) {
      assertEquals(1000, pool.server(i).active(), 20, "server " + i);
    }
    assertEquals(4000, pool.server(4).active(), 40);
  }

  /** One server is ten times as slow: it gets about a tenth of what the others get. */
  @Test
  void theSlowServerGetsLittle() {
    for (Balance.Algorithm algorithm :
        List.of(Balance.Algorithm.LATENCY, Balance.Algorithm.LEAST_REQUESTS)) {
      ServerPool pool = PoolFixture.of(algorithm, 1, 1, 1);
      int[] counts = simulate(pool, new long[] {10, 10, 100}, 12);
      int sum = Arrays.stream(counts).sum();
      assertTrue(counts[2] < sum * 0.15, algorithm + " " + Arrays.toString(counts));
      assertTrue(Math.abs(counts[0] - counts[1]) < sum * 0.1, Arrays.toString(counts));
    }
  }

  /** A closed loop of so many readers over servers of these latencies, in simulated time. */
  private static int[] simulate(ServerPool pool, long[] millis, int readers) {
    record Busy(long until, int server) {}
    PriorityQueue<Busy> busy = new PriorityQueue<>((a, b) -> Long.compare(a.until(), b.until()));
    int[] counts = new int[millis.length];
    long now = 0;
    for (int i = 0; i < 20_000; i++) {
      if (busy.size() == readers) {
        Busy done = busy.remove();
        now = done.until();
        pool.answered(done.server(), 200, Optional.empty(), millis[done.server()] * 1000, now);
        pool.done(done.server());
      }
      int server = pool.choose(0, ServerPool.NONE, 0, now);
      counts[server]++;
      pool.began(server);
      busy.add(new Busy(now + millis[server], server));
    }
    return counts;
  }

  @Test
  void aSlowAnswerCountsAtOnceAndIsForgottenSlowly() {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.LATENCY, 1, 1);
    ServerState server = pool.server(0);
    pool.answered(0, 200, Optional.empty(), 1_000, 1_000);
    pool.answered(0, 200, Optional.empty(), 500_000, 1_001);
    assertEquals(500_000, server.latencyMicros(1_001), 100);
    pool.answered(0, 200, Optional.empty(), 1_000, 2_001);
    assertTrue(server.latencyMicros(2_001) > 350_000, "" + server.latencyMicros(2_001));
    pool.answered(0, 200, Optional.empty(), 1_000, 80_000);
    assertTrue(server.latencyMicros(80_000) < 2_000, "" + server.latencyMicros(80_000));
  }

  @Test
  void theSameUrlGoesToTheSameServerAndUrlsSpreadByWeight() {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.HASH, 1, 1, 2);
    int[] counts = new int[3];
    for (int i = 0; i < MANY; i++) {
      int chosen = PoolFixture.choose(pool, "/" + i);
      counts[chosen]++;
      assertEquals(chosen, PoolFixture.choose(pool, "/" + i));
    }
    assertEquals(MANY / 4, counts[0], MANY * 0.01);
    assertEquals(MANY / 4, counts[1], MANY * 0.01);
    assertEquals(MANY / 2, counts[2], MANY * 0.01);
  }

  @Test
  void aServerThatGoesMovesOnlyWhatWasItsOwn() {
    ServerPool four = PoolFixture.of(Balance.Algorithm.HASH, 1, 1, 1, 1);
    ServerPool three = PoolFixture.of(Balance.Algorithm.HASH, 1, 1, 1);
    int moved = 0;
    for (int i = 0; i < MANY; i++) {
      int before = PoolFixture.choose(four, "/" + i);
      int after = PoolFixture.choose(three, "/" + i);
      if (before == 3) {
        moved++;
      } else {
        assertEquals(before, after);
      }
      assertEquals(after, four.choose(8, ServerPool.NONE, hash(four, "/" + i), 0), "left out");
    }
    assertEquals(MANY / 4, moved, MANY * 0.01);
  }

  /** Everybody wants one URL: no server has more than a quarter above its share under way. */
  @Test
  void noServerIsGivenMoreThanItsBound() {
    ServerPool pool = PoolFixture.of(Balance.Algorithm.HASH, 1, 1, 1, 1);
    for (int i = 1; i <= 1000; i++) {
      int chosen = PoolFixture.choose(pool, "/hot");
      pool.began(chosen);
      assertTrue(pool.server(chosen).active() <= Math.ceil(1.25 * i / 4), "after " + i);
    }
    int preferred = PoolFixture.choose(PoolFixture.of(Balance.Algorithm.HASH, 1, 1, 1, 1), "/hot");
    assertEquals(313, pool.server(preferred).active(), 1);
  }

  @Test
  void whatIsHashedIsWhatTheOwnerSays() {
    ServerPool client = hashBy(Balance.HashBy.CLIENT, "");
    assertEquals(
        client.hash("/a", FieldList.empty(), "192.0.2.1"),
        client.hash("/b", FieldList.empty(), "192.0.2.1"));
    assertNotEquals(
        client.hash("/a", FieldList.empty(), "192.0.2.1"),
        client.hash("/a", FieldList.empty(), "192.0.2.2"));
    ServerPool header = hashBy(Balance.HashBy.HEADER, "x-user");
    FieldList seven = FieldList.of("X-User", "7");
    assertEquals(header.hash("/a", seven, "a"), header.hash("/b", seven, "b"));
    assertNotEquals(
        header.hash("/a", seven, "a"), header.hash("/a", FieldList.of("X-User", "8"), "a"));
    assertNotEquals(
        header.hash("/a", FieldList.empty(), "a"), header.hash("/b", FieldList.empty(), "a"));
    ServerPool cookie = hashBy(Balance.HashBy.COOKIE, "user");
    assertEquals(
        cookie.hash("/a", FieldList.of("Cookie", "x=1; user=7"), "a"),
        cookie.hash("/b", FieldList.of("Cookie", "user=7; y=user"), "a"));
  }

  private static ServerPool hashBy(Balance.HashBy by, String name) {
    return PoolFixture.of(
        PoolFixture.servers(1, 1),
        PoolFixture.balance(Balance.Algorithm.HASH, by, name),
        Ejection.DEFAULT);
  }

  private static long hash(ServerPool pool, String target) {
    return pool.hash(target, FieldList.empty(), "192.0.2.1");
  }

  @Test
  void drawsAreUniform() {
    Draws draws = new Draws(new SplittableRandom(1).nextLong());
    int[] counts = new int[10];
    for (int i = 0; i < MANY; i++) {
      counts[(int) draws.below(10)]++;
    }
    for (int count : counts) {
      assertEquals(MANY / 10, count, MANY * 0.01);
    }
  }
}
