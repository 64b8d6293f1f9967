package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clears away what purges cover, one purge after the other, behind their acknowledgement: until it
 * has come to a purge, whoever finds an object asks the marks whether it still is one.
 */
final class PurgeSweeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PurgeSweeper.class);
  private static final long PATIENCE_SECONDS = 600;

  private final Sweep sweep;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("store-sweep-", 0).factory());
  private volatile long sweptThrough;
  private volatile boolean failed;

  /** Clears away what one purge covers. */
  interface Sweep {
    void sweep(Purge purge) throws IOException;
  }

  PurgeSweeper(Sweep sweep) {
    this.sweep = sweep;
  }

  /** Nothing that a purge up to this number covers is in the store. */
  void startAfter(long number) {
    failed = false;
    sweptThrough = number;
  }

  /** The last purge of which nothing is left in the store. */
  long sweptThrough() {
    return sweptThrough;
  }

  /** Purges that are in force from now on, in their order. */
  void add(List<Purge> purges) {
    for (Purge purge : purges) {
      try {
        thread.execute(() -> sweepNow(purge));
      } catch (RejectedExecutionException e) {
        LOG.trace("closing: the journal has it", e);
      }
    }
  }

  private void sweepNow(Purge purge) {
    try {
      sweep.sweep(purge);
      if (!failed) {
        sweptThrough = purge.number();
      }
    } catch (IOException | RuntimeException e) {
      // What is left is told by its marks, and by the journal at the next start.
      failed = true;
      LOG.error("what purge {} covers was not cleared away", purge.number(), e);
    }
  }

  /**
   * Waits until the purges so far have been gone through.
   *
   * @return whether nothing is left of them
   */
  boolean await() throws IOException {
    CountDownLatch reached = new CountDownLatch(1);
    try {
      thread.execute(reached::countDown);
      if (!reached.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("clearing away what purges cover does not come to an end");
      }
      return !failed;
    } catch (RejectedExecutionException e) {
      throw new IOException("the store is closing", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(3, TimeUnit.SECONDS)) {
        LOG.warn("a purge is still being cleared away");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
