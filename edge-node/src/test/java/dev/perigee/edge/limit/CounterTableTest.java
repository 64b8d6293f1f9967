package dev.perigee.edge.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Counts of many keys by many threads in little room. */
final class CounterTableTest {
  private static final long SECOND = 1_000_000_000;
  private static final long BEGIN = 1_000_000 * SECOND;

  /** A bucket of ten tokens that come back in ten seconds. */
  private static final CounterTable.Count TEN =
      new CounterTable.Count() {
        @Override
        public long fresh(long now) {
          return TokenBucket.full(now);
        }

        @Override
        public long take(long hash, long state, long now) {
          return TokenBucket.take(state, now, SECOND, 10 * SECOND);
        }

        @Override
        public long until(long state, long now) {
          return state;
        }
      };

  private static boolean take(CounterTable table, long hash, long now) {
    return table.take(hash, TEN, now, 0, 0, 0) >= 0;
  }

  @Test
  void whoFitsIsCountedExactly() {
    CounterTable table = new CounterTable(1024);
    Random random = new Random(1);
    long[] keys = random.longs(200).map(CounterTable::usable).toArray();
    for (long key : keys) {
      for (int i = 0; i < 15; i++) {
        assertEquals(i < 10, take(table, key, BEGIN));
      }
    }
    assertEquals(0, table.putOut());
    assertEquals(0, table.notKept());
  }

  /** The direction of the error: nobody is refused for another's requests. */
  @Test
  void aFullTableLetsInAndNeverRefusesWhoIsWithinTheLimit() {
    CounterTable table = new CounterTable(64);
    Random random = new Random(2);
    Map<Long, Integer> asked = new HashMap<>();
    long[] keys = random.longs(1000).map(CounterTable::usable).toArray();
    for (int i = 0; i < 20_000; i++) {
      long key = keys[random.nextInt(keys.length)];
      int before = asked.merge(key, 1, Integer::sum);
      boolean in = take(table, key, BEGIN);
      assertTrue(in || before > 10, "the first ten of a key are let in");
    }
    assertTrue(table.putOut() > 0, "there was no room for all");
  }

  @Test
  void whatIsAsGoodAsNewGoesFirst() {
    CounterTable table = new CounterTable(8);
    for (long key = 10; key < 17; key++) {
      take(table, key, BEGIN);
    }
    for (int i = 0; i < 10; i++) {
      take(table, 99, BEGIN + SECOND);
    }
    for (long key = 20; key < 26; key++) {
      take(table, key, BEGIN + 2 * SECOND);
    }
    assertEquals(0, table.putOut(), "they were full again");
    assertTrue(!take(table, 99, BEGIN + SECOND), "who has none left is kept");
  }

  @Test
  void manyThreadsTakeNoMoreThanThereIs() throws InterruptedException {
    CounterTable table = new CounterTable(1 << 12);
    long[] keys = new Random(3).longs(50).map(CounterTable::usable).toArray();
    AtomicLong letIn = new AtomicLong();
    int threads = 4;
    CountDownLatch together = new CountDownLatch(threads);
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      all.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    together.countDown();
                    for (int i = 0; i < 100_000; i++) {
                      if (take(table, keys[i % keys.length], BEGIN)) {
                        letIn.incrementAndGet();
                      }
                    }
                  }));
    }
    for (Thread thread : all) {
      thread.join();
    }
    // Two threads that meet at a new key may both make it one: it has its tokens twice then.
    assertTrue(letIn.get() >= 500, letIn + " of 500");
    assertTrue(letIn.get() <= 500 + 10L * threads * 4, letIn + " of 500");
  }

  @Test
  void marksAreHandedOverOnce() {
    CounterTable table = new CounterTable(64);
    for (int i = 0; i < 12; i++) {
      var _ = table.take(77, TEN, BEGIN, 5L << 48, FleetShares.WANTED_AND_LET_IN, 1);
    }
    List<Long> marks = new ArrayList<>();
    CounterTable.Marks all =
        (hash, mark) -> {
          marks.add(mark);
          return 5L << 48;
        };
    table.marks(all);
    table.marks(all);
    assertEquals(List.of(5L << 48 | 10L << 24 | 12, 5L << 48), marks);
  }
}
