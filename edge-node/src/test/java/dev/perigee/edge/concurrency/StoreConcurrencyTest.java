package dev.perigee.edge.concurrency;

import dev.perigee.edge.store.IndexCalls;
import dev.perigee.edge.store.StoreCalls;
import dev.perigee.testkit.Full;
import org.junit.jupiter.api.Test;

/**
 * The store as several threads use it: readers on I/O threads, one thread that writes, one that
 * purges and one that sweeps.
 */
class StoreConcurrencyTest {
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
