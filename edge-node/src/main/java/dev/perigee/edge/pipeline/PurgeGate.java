package dev.perigee.edge.pipeline;

import dev.perigee.edge.request.PurgePosition;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds requests of other nodes for a moment, where those know of purges that have not come here
 * yet. As a rule they are on their way: all nodes are sent a purge at once, and whoever has it
 * first misses first. Any thread.
 */
public final class PurgeGate {
  /** Requests that may wait; further ones go on at once. */
  private static final int MAX_WAITING = 10_000;

  private final Supplier<PurgePosition> position;
  private final ScheduledExecutorService timer;
  private final long waitMillis;
  private final BooleanSupplier connected;
  private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();

  /**
   * A gate that nobody waits at.
   *
   * @param position which purges are in force here
   * @param waitMillis how long a request may wait
   * @param connected whether purges can come at all
   */
  public PurgeGate(
      Supplier<PurgePosition> position,
      ScheduledExecutorService timer,
      long waitMillis,
      BooleanSupplier connected) {
    this.position = position;
    this.timer = timer;
    this.waitMillis = waitMillis;
    this.connected = connected;
  }

  /** Goes on once the purges up to {@code wanted} are in force, or have not come in time. */
  void pass(PurgePosition wanted, Executor thread, Runnable then) {
    PurgePosition now = position.get();
    boolean mayCome = now.logId().equals(wanted.logId()) && connected.getAsBoolean();
    if (now.covers(wanted) || !mayCome || waiting.size() >= MAX_WAITING) {
      then.run();
      return;
    }
    Waiting one = new Waiting(wanted, thread, then);
    waiting.add(one);
    one.deadline = timer.schedule(() -> end(one), waitMillis, TimeUnit.MILLISECONDS);
    // It may have come between the look and the waiting.
    applied();
  }

  /** Purges have come into force. */
  public void applied() {
    if (waiting.isEmpty()) {
      return;
    }
    PurgePosition now = position.get();
    waiting.stream().filter(one -> now.covers(one.wanted)).forEach(this::end);
  }

  /** Requests that wait. */
  public int waiting() {
    return waiting.size();
  }

  private void end(Waiting one) {
    if (one.over.compareAndSet(false, true)) {
      waiting.remove(one);
      Future<?> deadline = one.deadline;
      if (deadline != null) {
        deadline.cancel(false);
      }
      one.thread.execute(one.then);
    }
  }

  /** One request. */
  private static final class Waiting {
    private final PurgePosition wanted;
    private final Executor thread;
    private final Runnable then;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable Future<?> deadline;

    private Waiting(PurgePosition wanted, Executor thread, Runnable then) {
      this.wanted = wanted;
      this.thread = thread;
      this.then = then;
    }
  }
}
