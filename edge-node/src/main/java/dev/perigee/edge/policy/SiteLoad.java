package dev.perigee.edge.policy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What one site has under way, and how many fetches it may have; used by all I/O threads. */
public final class SiteLoad {
  private final ConcurrencyPolicy policy;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger fetches = new AtomicInteger();
  private final AtomicInteger peak = new AtomicInteger();
  private final LongAdder answered = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private volatile ConcurrencyPolicy.State state;

  SiteLoad(ConcurrencyPolicy policy) {
    this.policy = policy;
    this.state = policy.first();
  }

  /** A request begins; false where the site has as many as it may. */
  boolean ask(int most) {
    if (requests.incrementAndGet() > most) {
      requests.decrementAndGet();
      return false;
    }
    return true;
  }

  /** A request that was let in has ended. */
  public void asked() {
    requests.decrementAndGet();
  }

  /** A fetch begins; false where the site has as many as its origins answer in good time. */
  boolean fetch() {
    int now = fetches.incrementAndGet();
    if (now > state.limit()) {
      fetches.decrementAndGet();
      peak.accumulateAndGet(now - 1, Math::max);
      return false;
    }
    peak.accumulateAndGet(now, Math::max);
    return true;
  }

  /** A fetch that was let through has its answer, or has come to nothing. */
  public void fetched(long tookNanos) {
    fetches.decrementAndGet();
    answered.increment();
    nanos.add(tookNanos);
  }

  /** A window ends; called by one thread. */
  void sweep() {
    long count = answered.sumThenReset();
    long took = nanos.sumThenReset();
    int most = Math.max(peak.getAndSet(fetches.get()), fetches.get());
    double mean = count == 0 ? 0 : (double) took / count;
    state = policy.next(state, new ConcurrencyPolicy.Window(count, mean, most));
  }

  /** Whether nothing is known of it that would not be known at once anew. */
  boolean isIdle() {
    return requests.get() == 0 && fetches.get() == 0 && answered.sum() == 0;
  }

  int limit() {
    return state.limit();
  }
}
