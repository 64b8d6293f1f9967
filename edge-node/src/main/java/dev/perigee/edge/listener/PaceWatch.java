package dev.perigee.edge.listener;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;

/**
 * Ends a peer that is too slow by its {@link PaceBudget}. Lives on one I/O thread; there is at most
 * one timer at a time, and none before the peer was first waited for.
 */
final class PaceWatch {
  private final XnioExecutor thread;
  private final PaceBudget budget;
  private final Runnable tooSlow;
  private XnioExecutor.@Nullable Key timer;
  private boolean over;

  /**
   * @param tooSlow called at most once
   */
  PaceWatch(XnioExecutor thread, DoorLimits.Pace pace, Runnable tooSlow) {
    this.thread = thread;
    this.budget = new PaceBudget(pace);
    this.tooSlow = tooSlow;
  }

  /** It is the peer's turn. */
  void waits() {
    long now = System.nanoTime();
    budget.waits(now);
    if (timer == null && !over) {
      start(budget.leftMillis(now));
    }
  }

  /** So many bytes went, or came. */
  void moved(long bytes) {
    budget.moved(bytes, System.nanoTime());
  }

  /** The peer is not waited for just now. */
  void rests() {
    budget.rests(System.nanoTime());
  }

  /** Nothing more will be waited for. */
  void end() {
    over = true;
    XnioExecutor.Key key = timer;
    if (key != null) {
      key.remove();
      timer = null;
    }
  }

  private void start(long millis) {
    timer = thread.executeAfter(this::look, Math.max(1, millis), TimeUnit.MILLISECONDS);
  }

  private void look() {
    timer = null;
    if (over || !budget.isWaiting()) {
      return;
    }
    long left = budget.leftMillis(System.nanoTime());
    if (left > 0) {
      start(left);
    } else {
      over = true;
      tooSlow.run();
    }
  }
}
