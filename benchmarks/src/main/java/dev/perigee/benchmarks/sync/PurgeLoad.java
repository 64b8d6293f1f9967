package dev.perigee.benchmarks.sync;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** Purges at a steady rate for a while, and when each of them was everywhere. */
final class PurgeLoad {
  private static final int AT_ONCE = 64;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Issue issue;
  private final int rate;
  private final int count;
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicLong lastAnswer = new AtomicLong();

  /** By number behind the base, when the API had answered. */
  private final AtomicLongArray answered;

  private double seconds;
  private double tail;

  /** Issues a purge and gives the API's answer. */
  interface Issue {
    String purge(int site, long tag) throws IOException, InterruptedException;
  }

  PurgeLoad(Issue issue, int rate, int seconds) {
    this.issue = issue;
    this.rate = rate;
    this.count = rate * seconds;
    this.answered = new AtomicLongArray(count + 1);
  }

  /** Purges that were issued a second. */
  double rate() {
    return done.get() / seconds;
  }

  int refused() {
    return refused.get();
  }

  /** How long after the last answer everything was everywhere. */
  double tailSeconds() {
    return tail;
  }

  /**
   * Issues them all and waits until they are everywhere.
   *
   * @param everywhere the purge that every node has
   */
  SyncPlot.Lags run(LongSupplier everywhere, long patienceSeconds)
      throws IOException, InterruptedException {
    long base = everywhere.getAsLong();
    double[] lags = new double[count];
    Arrays.fill(lags, -1);
    long start = System.nanoTime();
    lastAnswer.set(start);
    Thread issuing = Thread.ofPlatform().name("load").start(() -> issueAll(base, start));
    int reached = 0;
    while (issuing.isAlive() || reached < done.get()) {
      long now = System.nanoTime();
      int there = (int) Math.min(count, everywhere.getAsLong() - base);
      for (; reached < there; reached++) {
        // One whose answer has not come yet was everywhere before.
        long at = answered.get(reached + 1);
        lags[reached] = at == 0 ? 0 : Math.max(0, (now - at) / 1e6);
      }
      if (now - lastAnswer.get() > TimeUnit.SECONDS.toNanos(patienceSeconds)) {
        throw new IOException(
            "after %d s %d of %d".formatted(patienceSeconds, reached, done.get()));
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    issuing.join();
    seconds = (lastAnswer.get() - start) / 1e9;
    tail = (System.nanoTime() - lastAnswer.get()) / 1e9;
    return new SyncPlot.Lags(rate, Arrays.stream(lags).limit(reached).boxed().toList());
  }

  private void issueAll(long base, long start) {
    Semaphore open = new Semaphore(AT_ONCE);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        long due = start + i * TimeUnit.SECONDS.toNanos(1) / rate;
        long wait = due - System.nanoTime();
        if (wait > 0) {
          LockSupport.parkNanos(wait);
        }
        open.acquireUninterruptibly();
        int site = i;
        threads.execute(
            () -> {
              issueOne(base, site);
              open.release();
            });
      }
    }
  }

  private void issueOne(long base, int site) {
    try {
      long number = StudyControl.number(issue.purge(site, site), "number") - base;
      long now = System.nanoTime();
      if (number >= 1 && number <= count) {
        answered.set((int) number, now);
      }
      lastAnswer.accumulateAndGet(now, Math::max);
      done.incrementAndGet();
    } catch (IOException e) {
      if (refused.getAndIncrement() == 0) {
        System.out.println("the first that was refused: " + e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
