package dev.perigee.control.stream;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Wakes the thread of one stream. A call that comes while it is awake counts for its next wait.
 * Waking waits for nobody: ten thousand are woken one after the other, and none keeps the next one
 * waiting.
 */
final class Wakeup implements Runnable {
  private final AtomicBoolean due = new AtomicBoolean();
  private final Semaphore woken = new Semaphore(0);

  /** Wakes it. */
  @Override
  public void run() {
    if (!due.getAndSet(true)) {
      woken.release();
    }
  }

  /** Waits until it is woken, or for so long; whether it was. Called by one thread alone. */
  boolean await(Duration most) throws InterruptedException {
    boolean was = woken.tryAcquire(most.toNanos(), TimeUnit.NANOSECONDS);
    if (was) {
      due.set(false); // from here on a call counts for the next wait
    }
    return was;
  }
}
