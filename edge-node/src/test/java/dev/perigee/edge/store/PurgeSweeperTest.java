package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The sweeper says only what is true of the store. */
class PurgeSweeperTest {
  private static List<Purge> purges(long from, long through) {
    return LongStream.rangeClosed(from, through)
        .mapToObj(n -> new Purge(n, Optional.empty(), new PurgeScope.Everything(), false))
        .toList();
  }

  @Test
  void itGoesThroughPurgesInOrderAndWaitsForNobody() throws IOException {
    CountDownLatch go = new CountDownLatch(1);
    List<Long> swept = Collections.synchronizedList(new ArrayList<>());
    try (PurgeSweeper sweeper =
        new PurgeSweeper(
            purge -> {
              awaitQuietly(go);
              swept.add(purge.number());
            })) {
      sweeper.startAfter(4);
      sweeper.add(purges(5, 9));
      assertEquals(4, sweeper.sweptThrough());
      go.countDown();
      assertTrue(sweeper.await());
      assertEquals(9, sweeper.sweptThrough());
      assertEquals(List.of(5L, 6L, 7L, 8L, 9L), swept);
    }
  }

  @Test
  void aSweepThatFailsIsNeverSaidToBeDone() throws IOException {
    try (PurgeSweeper sweeper =
        new PurgeSweeper(
            purge -> {
              if (purge.number() == 2) {
                throw new IOException("on purpose");
              }
            })) {
      sweeper.add(purges(1, 5));
      assertFalse(sweeper.await());
      assertEquals(1, sweeper.sweptThrough());
      sweeper.startAfter(7);
      sweeper.add(purges(8, 8));
      assertTrue(sweeper.await());
      assertEquals(8, sweeper.sweptThrough());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
