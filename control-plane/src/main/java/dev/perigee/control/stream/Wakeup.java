package dev.perigee.control.stream;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Wakes the thread of one stream. A call that comes while it is awake counts for its next wait.
 * Waking takes no lock: ten thousand are woken one after the other, and none keeps the next one
 * waiting.
 */
final class Wakeup implements Runnable {
  private final AtomicBoolean due = new AtomicBoolean();
  private volatile @Nullable Thread waiting;

  /** Wakes it. */
  @Override
  public void run() {
    if (!due.getAndSet(true)) {
      LockSupport.unpark(waiting);
    }
  }

  /** Waits until it is woken, or for so long; whether it was. Called by one thread alone. */
  boolean await(Duration most) throws InterruptedException {
    waiting = Thread.currentThread();
    if (!due.get()) {
      LockSupport.parkNanos(this, most.toNanos()); // whoever is woken for nothing looks and waits
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return due.getAndSet(false);
  }
}
