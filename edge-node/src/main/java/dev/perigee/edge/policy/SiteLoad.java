package dev.perigee.edge.policy;

import dev.perigee.edge.request.Bandwidth;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** What one site has under way, and how many fetches it may have; used by all I/O threads. */
public final class SiteLoad {
  /** Once readers wait that long for a part of a response, no more are let in. */
  private static final long MOST_WAIT_NANOS = 10_000_000_000L;

  private final ConcurrencyPolicy policy;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger fetches = new AtomicInteger();
  private final AtomicInteger peak = new AtomicInteger();
  private final TimeSketch answered = new TimeSketch();
  private final LongSupplier nanos;
  private final LongAdder heldBack;
  private volatile Optional<Bandwidth> bandwidth = Optional.empty();
  private volatile ConcurrencyPolicy.State state;

  /**
   * @param nanos a clock that never jumps
   * @param heldBack counts what had to wait for its turn
   */
  SiteLoad(ConcurrencyPolicy policy, LongSupplier nanos, LongAdder heldBack) {
    this.policy = policy;
    this.nanos = nanos;
    this.heldBack = heldBack;
    this.state = policy.first();
  }

  /**
   * A request begins; false where the site has as many as it may, or its readers wait for its
   * bandwidth for so long already that one more would hold a place of the node for nothing.
   */
  boolean ask(int most, boolean ofReader) {
    Optional<Bandwidth> row = bandwidth;
    if (ofReader && row.isPresent() && row.get().untilIdle() > MOST_WAIT_NANOS) {
      return false;
    }
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

  /**
   * What its readers take goes at that rate from now on; those who wait have the turns that they
   * were given.
   *
   * @param bytesPerSecond 0 for any
   */
  void paceAt(long bytesPerSecond) {
    if (bytesPerSecond != bandwidth.map(Bandwidth::bytesPerSecond).orElse(0L)) {
      bandwidth =
          bytesPerSecond == 0
              ? Optional.empty()
              : Optional.of(new Bandwidth(bytesPerSecond, nanos));
    }
  }

  /** Whether what its readers take is limited. */
  public boolean isPaced() {
    return bandwidth.isPresent();
  }

  /** A part of a response is to go to a reader: the nanoseconds until it may; 0 at once. */
  public long send(long bytes) {
    long wait = bandwidth.map(of -> of.take(bytes)).orElse(0L);
    if (wait > 0) {
      heldBack.increment();
    }
    return wait;
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
    answered.add(tookNanos);
  }

  /** A window ends; called by one thread. */
  void sweep() {
    TimeSketch.Taken taken = answered.take();
    int most = Math.max(peak.getAndSet(fetches.get()), fetches.get());
    state =
        policy.next(state, new ConcurrencyPolicy.Window(taken.count(), taken.fastNanos(), most));
  }

  /** Whether nothing is known of it that would not be known at once anew. */
  boolean isIdle() {
    return requests.get() == 0
        && fetches.get() == 0
        && answered.isEmpty()
        && bandwidth.map(Bandwidth::isIdle).orElse(true);
  }

  int limit() {
    return state.limit();
  }
}
