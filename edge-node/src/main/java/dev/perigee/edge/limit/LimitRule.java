package dev.perigee.edge.limit;

import dev.perigee.contract.RateRule;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One rate limit of a site as requests are counted by it, with what it has let in. */
final class LimitRule implements CounterTable.Count {
  private static final long NANOS = 1_000_000_000;

  private final String site;
  private final RateRule rule;
  private final long window;
  private final long interval;
  private final long span;
  private final Supplier<Shares> shares;
  private final int number;

  /** Where all requests count together: they need no place in a table, and lose none there. */
  private final AtomicLong state = new AtomicLong();

  private final AtomicLong mark = new AtomicLong();
  private volatile @Nullable Seed seed;
  private final LongAdder letIn = new LongAdder();
  private final LongAdder over = new LongAdder();

  /** What its hashes begin with, by the key that they are made with. */
  private record Seed(LimitKeys keys, long hash) {}

  /**
   * A rule that has counted nothing.
   *
   * @param shares of this node, for rules of the fleet
   * @param number under which its counts are reported; 0 where they are not
   */
  LimitRule(String site, RateRule rule, Supplier<Shares> shares, int number) {
    this.site = site;
    this.rule = rule;
    this.window = rule.windowSeconds() * NANOS;
    this.interval = Math.max(1, window / rule.requests());
    this.span = interval * rule.burst();
    this.shares = shares;
    this.number = number;
  }

  String site() {
    return site;
  }

  RateRule rule() {
    return rule;
  }

  int number() {
    return number;
  }

  boolean isOfFleet() {
    return rule.scope() == RateRule.Scope.FLEET;
  }

  /** The hash of all requests that it counts; worked out once for each key. */
  long seed(LimitKeys keys) {
    Seed known = seed;
    if (known == null || !known.keys.equals(keys)) {
      known = new Seed(keys, keys.all(site, rule));
      seed = known;
    }
    return known.hash;
  }

  void counted(boolean refused) {
    (refused ? over : letIn).increment();
  }

  long letIn() {
    return letIn.sum();
  }

  long over() {
    return over.sum();
  }

  private boolean isBucket() {
    return rule.algorithm() == RateRule.Algorithm.TOKEN_BUCKET;
  }

  @Override
  public long fresh(long now) {
    return isBucket() ? TokenBucket.full(now) : SlidingWindow.empty(now, window);
  }

  @Override
  public long take(long hash, long before, long now) {
    return isBucket()
        ? TokenBucket.take(before, now, interval(hash), span(hash))
        : SlidingWindow.take(before, now, window, rule.requests());
  }

  @Override
  public long until(long after, long now) {
    return isBucket() ? after : now + SlidingWindow.untilNext(now, window) + window;
  }

  /** The same as {@link CounterTable#take}, for a rule by which all requests count together. */
  long takeOne(long hash, long now, long marked, long refusedMark) {
    while (true) {
      long before = state.get();
      long after = take(hash, before, now);
      long kept = after < 0 ? ~after : after;
      if (kept == before || state.compareAndSet(before, kept)) {
        long more = after < 0 ? refusedMark : marked;
        if (more != 0) {
          mark.getAndAdd(more);
        }
        return after;
      }
    }
  }

  /** What was marked since it was asked last. */
  long takeMark() {
    return mark.getAndSet(0);
  }

  /** How many more are let in. */
  long left(long hash, long after, long now) {
    return isBucket()
        ? TokenBucket.left(after, now, interval(hash), span(hash))
        : SlidingWindow.left(after, now, window, rule.requests());
  }

  /** Nanoseconds until one more is let in. */
  long wait(long hash, long after, long now) {
    return isBucket()
        ? TokenBucket.wait(after, now, interval(hash), span(hash))
        : SlidingWindow.wait(after, now, window, rule.requests());
  }

  /** Nanoseconds until what is let in is renewed. */
  long renewal(long hash, long after, long now) {
    return isBucket()
        ? TokenBucket.untilFull(after, now, span(hash))
        : SlidingWindow.untilNext(now, window);
  }

  /** Nanoseconds from one token to the next on this node. */
  private long interval(long hash) {
    if (!isOfFleet()) {
      return interval;
    }
    Shares now = shares.get();
    int at = now.find(hash);
    return at >= 0 ? now.interval(at) : interval * parts(now);
  }

  private long span(long hash) {
    if (!isOfFleet()) {
      return span;
    }
    Shares now = shares.get();
    int at = now.find(hash);
    return at >= 0 ? now.span(at) : Math.max(span, interval * parts(now));
  }

  /**
   * In how many parts the limit is, where nobody has divided it: one reader comes to one node as a
   * rule, and may have all of it there; what many readers share comes to all nodes.
   */
  private int parts(Shares now) {
    return rule.by().isOfReaders() ? 1 : now.nodes();
  }

  /** Tokens each second on a node that was given no share. */
  double undividedRate() {
    return (double) NANOS / interval / shares.get().nodes();
  }

  /** Tokens each second on all nodes together. */
  double rate() {
    return (double) NANOS / interval;
  }
}
