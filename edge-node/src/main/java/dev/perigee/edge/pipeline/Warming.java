package dev.perigee.edge.pipeline;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.WarmUrl;
import dev.perigee.edge.config.WarmUpSink;
import dev.perigee.edge.pipeline.WarmUpExchange.Kind;
import dev.perigee.edge.pipeline.WarmUpExchange.Outcome;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.RequestId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Fetches lists of URLs into the cache by sending requests of its own through the pipeline: what is
 * cached already costs the origin nothing, and what readers ask for meanwhile is fetched once.
 *
 * <p>Each job has a virtual thread that sets the pace, and never more than a few requests open.
 */
public final class Warming implements WarmUpSink {
  /** Requests of one job that are open at once: a slow origin is not asked for more. */
  private static final int OPEN = 8;

  /** Batches of one job that wait. */
  private static final int BATCHES = 4;

  private static final int JOBS = 32;
  private static final int FAILURES_TOLD = 5;
  private static final String SELF = "127.0.0.1";

  private final Consumer<Exchange> pipeline;
  private final Supplier<Executor> threads;
  private final Supplier<String> ids;
  private final LongSupplier nanos;
  private final Map<String, Deque<Batch>> jobs = new HashMap<>();
  private final CountDownLatch started = new CountDownLatch(1);
  private final AtomicLong fetches = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();

  /**
   * @param threads gives an I/O thread
   * @param ids makes the ids of its requests
   * @param nanos a clock that never jumps
   */
  public Warming(
      Consumer<Exchange> pipeline,
      Supplier<Executor> threads,
      Supplier<String> ids,
      LongSupplier nanos) {
    this.pipeline = pipeline;
    this.threads = threads;
    this.ids = ids;
    this.nanos = nanos;
  }

  /** The I/O threads are there: what was ordered meanwhile begins. */
  public void start() {
    started.countDown();
  }

  /** URLs fetched so far. */
  public long fetches() {
    return fetches.get();
  }

  /** Those of them that failed. */
  public long failures() {
    return failures.get();
  }

  @Override
  public void warm(FromControl.WarmUp order, Consumer<FromEdge.Warmed> done) {
    Batch batch = new Batch(order, done);
    synchronized (jobs) {
      Deque<Batch> waiting = jobs.get(order.job());
      if (waiting == null && jobs.size() < JOBS) {
        waiting = new ArrayDeque<>(List.of(batch));
        jobs.put(order.job(), waiting);
        Thread.ofVirtual().name("warm-" + order.job()).start(() -> run(order.job()));
        return;
      }
      if (waiting != null && waiting.size() < BATCHES) {
        waiting.add(batch);
        return;
      }
    }
    batch.refuse("the node warms as much as it may");
  }

  private void run(String job) {
    Semaphore open = new Semaphore(OPEN);
    try {
      started.await();
      for (Batch batch = next(job); batch != null; batch = next(job)) {
        batch.run(open);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable Batch next(String job) {
    synchronized (jobs) {
      Deque<Batch> waiting = jobs.get(job);
      Batch batch = waiting == null ? null : waiting.poll();
      if (batch == null) {
        jobs.remove(job);
      }
      return batch;
    }
  }

  /** One order under way. */
  private final class Batch {
    private final FromControl.WarmUp order;
    private final Consumer<FromEdge.Warmed> done;
    private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
    private final List<String> problems = new ArrayList<>();
    private int left;

    Batch(FromControl.WarmUp order, Consumer<FromEdge.Warmed> done) {
      this.order = order;
      this.done = done;
      this.left = order.urls().size();
    }

    void run(Semaphore open) throws InterruptedException {
      long step = TimeUnit.SECONDS.toNanos(1) / order.perSecond();
      long due = nanos.getAsLong();
      Semaphore never = new Semaphore(0);
      for (WarmUrl url : order.urls()) {
        long wait = due - nanos.getAsLong();
        if (wait > 0 && never.tryAcquire(wait, TimeUnit.NANOSECONDS)) {
          return;
        }
        open.acquire();
        due = Math.max(due, nanos.getAsLong() - step) + step;
        begin(url, open);
      }
      // The last fetches go on while the next batch begins.
      long rest = due - nanos.getAsLong();
      if (rest > 0) {
        var _ = never.tryAcquire(rest, TimeUnit.NANOSECONDS);
      }
    }

    private void begin(WarmUrl url, Semaphore open) {
      Executor thread = threads.get();
      Exchange exchange =
          new WarmUpExchange(
              url,
              order.fields(),
              SELF,
              RequestId.from(ids),
              thread,
              outcome -> {
                open.release();
                ended(url, outcome);
              });
      thread.execute(() -> pipeline.accept(exchange));
    }

    private void ended(WarmUrl url, Outcome outcome) {
      fetches.incrementAndGet();
      FromEdge.Warmed warmed;
      synchronized (this) {
        counts.merge(outcome.kind(), 1, Integer::sum);
        if (outcome.kind() == Kind.FAILED) {
          failures.incrementAndGet();
          if (problems.size() < FAILURES_TOLD) {
            problems.add(url + ": " + outcome.reason());
          }
        }
        left--;
        if (left > 0) {
          return;
        }
        warmed = warmed();
      }
      done.accept(warmed);
    }

    void refuse(String reason) {
      counts.put(Kind.FAILED, order.urls().size());
      problems.add(reason);
      done.accept(warmed());
    }

    private FromEdge.Warmed warmed() {
      return new FromEdge.Warmed(
          order.job(),
          order.from() + order.urls().size(),
          counts.getOrDefault(Kind.HIT, 0),
          counts.getOrDefault(Kind.STORED, 0),
          counts.getOrDefault(Kind.PASSED, 0),
          counts.getOrDefault(Kind.FAILED, 0),
          problems);
    }
  }
}
