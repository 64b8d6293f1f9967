package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The sweeper says only what is true of the store. */
class PurgeSweeperTest {
  @Test
  void whoeverAsksWaitsForNothingAndManyAreSweptInOnePass() throws IOException {
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger passes = new AtomicInteger();
    AtomicLong last = new AtomicLong(4);
    try (PurgeSweeper sweeper =
        new PurgeSweeper(
            () -> {
              awaitQuietly(go);
              passes.incrementAndGet();
              return last.get();
            },
            PurgeSweeper.thread())) {
      sweeper.startAfter(4);
      for (int i = 5; i <= 100; i++) {
        last.set(i);
        sweeper.ask();
      }
      assertEquals(4, sweeper.sweptThrough());
      go.countDown();
      sweeper.await();
      assertEquals(100, sweeper.sweptThrough());
      assertEquals(1, passes.get());
    }
  }

  @Test
  void aPassThatFailsIsNeverSaidToBeDoneAndIsTriedAgain() throws IOException {
    AtomicInteger passes = new AtomicInteger();
    try (PurgeSweeper sweeper =
        new PurgeSweeper(
            () -> {
              if (passes.incrementAndGet() == 1) {
                throw new IOException("on purpose");
              }
              return 7;
            },
            PurgeSweeper.thread())) {
      sweeper.ask();
      sweeper.await();
      assertEquals(0, sweeper.sweptThrough());
      Awaitility.await().until(() -> sweeper.sweptThrough() == 7);
    }
  }

  @Test
  void whatIsDoneBetweenTwoPassesTellsItsFailure() {
    try (PurgeSweeper sweeper = new PurgeSweeper(() -> 1, PurgeSweeper.thread())) {
      assertThrows(
          IOException.class,
          () ->
              sweeper.between(
                  () -> {
                    throw new IOException("on purpose");
                  }));
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
