package dev.perigee.benchmarks.sync;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** When each of so many nodes came to a number. */
final class Arrivals {
  private final long target;
  private final long[] nanos;
  private final AtomicInteger count = new AtomicInteger();
  private final CountDownLatch left;

  Arrivals(long target, int nodes) {
    this.target = target;
    this.nanos = new long[nodes];
    this.left = new CountDownLatch(nodes);
  }

  /** A node went from one number to another. */
  void passed(long from, long to) {
    if (from < target && target <= to) {
      long now = System.nanoTime();
      int place = count.getAndIncrement();
      if (place < nanos.length) {
        nanos[place] = now;
        left.countDown();
      }
    }
  }

  boolean await(long seconds) throws InterruptedException {
    return left.await(seconds, TimeUnit.SECONDS);
  }

  /** Milliseconds after a moment, ascending; none below 0: a node may be faster than the answer. */
  double[] millisAfter(long start) {
    double[] millis =
        Arrays.stream(nanos).mapToDouble(at -> Math.max(0, (at - start) / 1e6)).toArray();
    Arrays.sort(millis);
    return millis;
  }
}
