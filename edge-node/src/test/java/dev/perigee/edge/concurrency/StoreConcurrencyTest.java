package dev.perigee.edge.concurrency;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.store.IndexCalls;
import dev.perigee.edge.store.StoreCalls;
import dev.perigee.testkit.Full;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * The store as several threads use it: readers on I/O threads, one thread that writes, one that
 * purges and one that sweeps.
 */
class StoreConcurrencyTest {
  private static final boolean FULL = Boolean.getBoolean("perigee.full");

  /** Purge is final: each answer is one that whole calls in some order give. */
  @Test
  void purgesFillsAndLookUpsAreAsIfOneCameAfterTheOther() {
    Interleavings.ofCallsOnThreads(StoreCalls.FromDisk.class, StoreCalls.Rules.class);
    Interleavings.ofCallsOnThreads(StoreCalls.FromMemory.class, StoreCalls.Rules.class);
  }

  @Full("every order of the steps of purges, fills and look-ups that a model checker comes to")
  @Test
  void purgesFillsAndLookUpsAreSoInEveryOrderOfTheirSteps() {
    Interleavings.ofCalls(StoreCalls.FromDisk.class, StoreCalls.Rules.class);
    Interleavings.ofCalls(StoreCalls.FromMemory.class, StoreCalls.Rules.class);
  }

  /**
   * What an unsafe request invalidated is no answer after it (RFC 9111, section 4.4), also to a
   * look-up during which a sweep clears it away and forgets the invalidation. One round in some
   * fifty thousand comes to that moment.
   */
  @Test
  void whatIsInvalidatedIsNotFoundWhileItIsClearedAway() throws InterruptedException {
    StoreCalls calls = new StoreCalls.FromMemory();
    AtomicBoolean done = new AtomicBoolean();
    Thread sweeper =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!done.get()) {
                    calls.sweep();
                  }
                });
    try {
      for (int round = 0; round < (FULL ? 1_000_000 : 100_000); round++) {
        calls.begin();
        calls.complete();
        calls.invalidate();
        assertEquals(0, calls.find(), "in round " + round);
      }
    } finally {
      done.set(true);
      sweeper.join();
    }
  }

  /** A look-up asks without the lock whether an object is there still, while the index grows. */
  @Test
  void whetherAnObjectIsThereIsRightWithoutTheLock() {
    Interleavings.ofCallsOnThreads(IndexCalls.class, IndexCalls.Rules.class);
  }

  @Full("every order of the steps of look-ups and of an index that grows")
  @Test
  void whetherAnObjectIsThereIsRightInEveryOrderOfTheSteps() {
    Interleavings.ofCalls(IndexCalls.class, IndexCalls.Rules.class);
  }
}
