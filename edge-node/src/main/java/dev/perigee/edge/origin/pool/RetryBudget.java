package dev.perigee.edge.origin.pool;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Further attempts of one pool: a share of its requests under way, so that trouble is not made
 * worse by asking again. Where the share is used up the attempt waits for another to end, so that
 * one server that goes down does not fail those who happened to be there.
 */
final class RetryBudget {
  private static final int PER_CENT = 100;

  private final AtomicInteger active = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final ConcurrentLinkedQueue<Waiter> queue = new ConcurrentLinkedQueue<>();

  private record Waiter(Executor thread, Runnable go) {}

  /** Attempts under way. */
  int active() {
    return active.get();
  }

  /** How many may be under way. */
  static int most(int requests, int percent, int floor) {
    return Math.max(floor, requests * percent / PER_CENT);
  }

  /** Begins one if it may. */
  private boolean begin(int most) {
    while (true) {
      int now = active.get();
      if (now >= most) {
        return false;
      }
      if (active.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /**
   * Begins one, now or once another has ended; {@code go} then runs on the thread.
   *
   * @param most that may be under way
   * @param longest how many may wait
   * @return false where none may begin at all: {@code go} never runs
   */
  boolean begin(int most, int longest, Executor thread, Runnable go) {
    if (begin(most)) {
      go.run();
      return true;
    }
    if (most == 0 || waiting.incrementAndGet() > longest) {
      if (most != 0) {
        waiting.decrementAndGet();
      }
      return false;
    }
    queue.add(new Waiter(thread, go));
    // What ended meanwhile has seen no one waiting.
    if (begin(most) && !handOn()) {
      active.decrementAndGet();
    }
    return true;
  }

  /** One has ended. */
  void end() {
    if (!handOn()) {
      active.decrementAndGet();
      // Whoever came meanwhile has seen this one under way.
      if (!queue.isEmpty() && begin(1) && !handOn()) {
        active.decrementAndGet();
      }
    }
  }

  /** Gives what is begun to the next that waits; false where nobody does. */
  private boolean handOn() {
    Waiter next = queue.poll();
    if (next == null) {
      return false;
    }
    waiting.decrementAndGet();
    next.thread.execute(next.go);
    return true;
  }
}
