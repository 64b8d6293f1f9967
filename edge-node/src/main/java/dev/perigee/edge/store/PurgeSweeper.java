package dev.perigee.edge.store;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clears away what purges cover, behind their acknowledgement and many purges in one pass: until a
 * pass has come by, whoever finds an object asks the marks whether it still is one. All that must
 * not happen during a pass runs on its thread as well.
 */
final class PurgeSweeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PurgeSweeper.class);
  private static final long PATIENCE_SECONDS = 600;

  /** What comes within it is swept together. */
  private static final long DELAY_MILLIS = 250;

  /** After a pass that failed. */
  private static final long RETRY_MILLIS = 5000;

  private final Pass pass;
  private final ScheduledExecutorService thread;
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile long sweptThrough;

  /** Clears away everything that the purges so far cover. */
  interface Pass {
    /** The stamp of the last purge of which nothing is left. */
    long sweep() throws IOException;
  }

  /** A thread for it. */
  static ScheduledExecutorService thread() {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name("store-sweep-", 0).factory());
  }

  /**
   * Sweeps nothing until it is asked to.
   *
   * @param thread of its own, ended with it
   */
  PurgeSweeper(Pass pass, ScheduledExecutorService thread) {
    this.pass = pass;
    this.thread = thread;
  }

  /** Purges up to this stamp have left nothing in the store. */
  long sweptThrough() {
    return sweptThrough;
  }

  void startAfter(long stamp) {
    sweptThrough = stamp;
  }

  /** There is something to be swept. */
  void ask() {
    if (asked.compareAndSet(false, true)) {
      later(DELAY_MILLIS);
    }
  }

  private void later(long millis) {
    try {
      var _ = thread.schedule(this::sweep, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.trace("closing: the journal has it", e);
    }
  }

  /** What was asked for; on its thread. */
  void sweep() {
    if (asked.compareAndSet(true, false)) {
      try {
        sweptThrough = pass.sweep();
      } catch (IOException | RuntimeException e) {
        if (!thread.isShutdown()) {
          // What is left is told by its marks, and by the journal at the next start.
          LOG.error("what purges cover was not cleared away, and will be tried again", e);
        }
        asked.set(true);
        later(RETRY_MILLIS);
      }
    }
  }

  /** Something to be done between two passes. */
  interface Work {
    void run() throws IOException;
  }

  /** Does it between two passes and waits for it. */
  void between(Work work) throws IOException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      thread.execute(
          () -> {
            try {
              work.run();
              done.complete(null);
            } catch (IOException | RuntimeException e) {
              done.completeExceptionally(e);
            }
          });
      done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (RejectedExecutionException e) {
      throw new IOException("the store is closing", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("what was to be done between two passes was not", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Sweeps now what there is, and waits for it. */
  void await() throws IOException {
    between(this::sweep);
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
