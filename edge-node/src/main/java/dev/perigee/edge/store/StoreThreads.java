package dev.perigee.edge.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The store's own platform threads, on which alone Chronicle is touched: what is written to one
 * shard stays in order on one of them.
 */
final class StoreThreads {
  private static final int WRITE_THREADS = 2;
  private static final int READ_THREADS = 2;
  private static final long DRAIN_SECONDS = 30;

  private final ExecutorService reads;
  private final List<ExecutorService> writes;

  /**
   * Over threads that are there.
   *
   * @param writes each does one thing after the other
   */
  StoreThreads(ExecutorService reads, List<ExecutorService> writes) {
    this.reads = reads;
    this.writes = List.copyOf(writes);
  }

  /** Platform threads, started as they are needed. */
  static StoreThreads ofPlatform() {
    List<ExecutorService> writes = new ArrayList<>();
    for (int i = 0; i < WRITE_THREADS; i++) {
      writes.add(Executors.newSingleThreadExecutor(threads("store-write")));
    }
    return new StoreThreads(
        Executors.newFixedThreadPool(READ_THREADS, threads("store-read")), writes);
  }

  private static ThreadFactory threads(String name) {
    return Thread.ofPlatform().daemon().name(name + "-", 0).factory();
  }

  /** Any of the threads that read. */
  Executor reads() {
    return reads;
  }

  /** The thread that writes for this shard. */
  Executor writesOf(int shard) {
    return writes.get(shard % writes.size());
  }

  /** Waits until everything so far has reached the maps. */
  void drain() throws IOException {
    CountDownLatch reached = new CountDownLatch(writes.size());
    try {
      writes.forEach(thread -> thread.execute(reached::countDown));
      if (!reached.await(DRAIN_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("the store's writes do not come to an end");
      }
    } catch (RejectedExecutionException e) {
      throw new IOException("the store is closing", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Does what is queued, for a few seconds; whether all of it was done. */
  boolean end() {
    boolean done = true;
    writes.forEach(ExecutorService::shutdown);
    reads.shutdown();
    try {
      for (ExecutorService thread : writes) {
        done &= thread.awaitTermination(3, TimeUnit.SECONDS);
      }
      done &= reads.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      done = false;
    }
    return done;
  }
}
