package dev.perigee.edge.origin.pool;

import dev.perigee.contract.OriginUrl;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What this node knows of one server of one pool: counters that live as long as the server stands
 * in the configuration. Read and written by all threads without a lock; a race costs one decision
 * its precision and nothing more.
 */
public final class ServerState {
  /** In place of a turn: none yet. */
  static final long NO_TURN = Long.MIN_VALUE;

  private static final double DECAY_MILLIS = 10_000;
  private static final double SLOWEST_START = 0.1;

  private final OriginUrl url;
  private final long seed;
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicLong turn = new AtomicLong(NO_TURN);

  /** Milliseconds of the last answer above, its latency in microseconds as a float below. */
  private final AtomicLong latency = new AtomicLong();

  private final AtomicInteger errorsInRow = new AtomicInteger();
  private final AtomicInteger failuresInRow = new AtomicInteger();
  private final AtomicInteger ejections = new AtomicInteger();
  private volatile boolean checkedWell = true;
  private volatile CheckResult lastCheck = CheckResult.PASSED;
  private volatile CheckCount checks = CheckCount.FIRST;
  private volatile long aloneUntil;
  private volatile Standing aloneFor = Standing.WELL;
  private volatile long backSince = Long.MIN_VALUE / 2;
  private final AtomicLong windowRequests = new AtomicLong();
  private final AtomicLong windowSuccesses = new AtomicLong();
  private final AtomicLong windowMicros = new AtomicLong();
  private final LongAdder requests = new LongAdder();
  private final LongAdder failures = new LongAdder();

  ServerState(OriginUrl url) {
    this.url = url;
    this.seed = Hashing.of(url.toString());
  }

  public OriginUrl url() {
    return url;
  }

  /** The same for this server on every node. */
  long seed() {
    return seed;
  }

  /** Requests under way. */
  public int active() {
    return active.get();
  }

  AtomicLong turn() {
    return turn;
  }

  /** Requests ever. */
  public long requests() {
    return requests.sum();
  }

  /** Requests without an answer, or with one of 5xx. */
  public long failures() {
    return failures.sum();
  }

  void began() {
    active.incrementAndGet();
    requests.increment();
  }

  void done() {
    active.decrementAndGet();
  }

  /** Why it is not asked just now, or that it is. */
  public Standing standing(long nowMillis) {
    if (!checkedWell) {
      return Standing.CHECK_FAILED;
    }
    return nowMillis < aloneUntil ? aloneFor : Standing.WELL;
  }

  boolean isWell(long nowMillis) {
    return checkedWell && nowMillis >= aloneUntil;
  }

  /** Whether it is left alone for what it answered. */
  boolean isEjected(long nowMillis) {
    return nowMillis < aloneUntil;
  }

  /** What health checks have found; true until they find otherwise. */
  void checked(boolean well, long nowMillis) {
    if (well && !checkedWell) {
      backSince = nowMillis;
      errorsInRow.set(0);
      failuresInRow.set(0);
    }
    checkedWell = well;
  }

  /** One more health check; by the one thread that checks this server. */
  void checked(CheckResult result, int rise, int fall, long nowMillis) {
    CheckCount next = checks.next(result == CheckResult.PASSED, rise, fall);
    checks = next;
    lastCheck = result;
    checked(next.well(), nowMillis);
  }

  /** Nobody checks it any more. */
  void unchecked(long nowMillis) {
    checks = CheckCount.FIRST;
    lastCheck = CheckResult.PASSED;
    checked(true, nowMillis);
  }

  /** What the last health check came to. */
  public CheckResult lastCheck() {
    return lastCheck;
  }

  /** Leaves it alone. */
  void leaveAlone(Standing why, long untilMillis) {
    aloneFor = why;
    aloneUntil = untilMillis;
    backSince = untilMillis;
    errorsInRow.set(0);
    failuresInRow.set(0);
  }

  /** How often it was ejected lately, this time included. */
  int ejectedOnceMore() {
    return ejections.incrementAndGet();
  }

  /** An interval without an ejection makes up for one. */
  void behaved() {
    ejections.updateAndGet(n -> Math.max(0, n - 1));
  }

  /** The share of its weight that it gets: less while it comes back. */
  double share(long nowMillis, long slowStartMillis) {
    long since = nowMillis - backSince;
    if (since >= slowStartMillis || slowStartMillis == 0) {
      return 1;
    }
    return Math.max(SLOWEST_START, (double) since / slowStartMillis);
  }

  /** An answer with its time to the head. */
  void answered(int status, long micros, long nowMillis) {
    boolean error = status >= 500;
    boolean gateway = status >= 502 && status <= 504;
    windowRequests.incrementAndGet();
    windowMicros.addAndGet(micros);
    observe(micros, nowMillis);
    if (error) {
      failures.increment();
      errorsInRow.incrementAndGet();
    } else {
      windowSuccesses.incrementAndGet();
      if (errorsInRow.get() != 0) {
        errorsInRow.set(0);
      }
    }
    if (gateway) {
      failuresInRow.incrementAndGet();
    } else if (failuresInRow.get() != 0) {
      failuresInRow.set(0);
    }
  }

  /** No answer. */
  void failed(long micros, long nowMillis) {
    windowRequests.incrementAndGet();
    windowMicros.addAndGet(micros);
    // One that refuses at once is not the fastest for that.
    observe(Math.max(micros, Math.round(latencyMicros(nowMillis))), nowMillis);
    failures.increment();
    failuresInRow.incrementAndGet();
  }

  int errorsInRow() {
    return errorsInRow.get();
  }

  int failuresInRow() {
    return failuresInRow.get();
  }

  /** A slower answer counts at once; faster ones take it back by and by. */
  private void observe(long micros, long nowMillis) {
    long before = latency.get();
    double known = decayed(before, nowMillis);
    double old = Float.intBitsToFloat((int) before);
    double next = micros >= known ? micros : known + (micros - known) * weight(before, nowMillis);
    double kept = old == 0 ? micros : next;
    latency.set(
        ((long) (int) nowMillis << 32) | (Float.floatToIntBits((float) kept) & 0xffffffffL));
  }

  private static double weight(long packed, long nowMillis) {
    return 1 - Math.exp(-age(packed, nowMillis) / DECAY_MILLIS);
  }

  private static double age(long packed, long nowMillis) {
    return Math.max(0, (int) nowMillis - (int) (packed >>> 32));
  }

  private static double decayed(long packed, long nowMillis) {
    double micros = Float.intBitsToFloat((int) packed);
    return micros * Math.exp(-age(packed, nowMillis) / DECAY_MILLIS);
  }

  /** Its peak-sensitive moving average in microseconds; 0 for none yet. */
  public double latencyMicros(long nowMillis) {
    return decayed(latency.get(), nowMillis);
  }

  /** What it did since this was last asked. */
  Window window() {
    return new Window(
        windowRequests.getAndSet(0), windowSuccesses.getAndSet(0), windowMicros.getAndSet(0));
  }

  /** What a server did in an interval. */
  record Window(long requests, long successes, long micros) {
    double successPercent() {
      return 100.0 * successes / requests;
    }

    double meanMicros() {
      return (double) micros / requests;
    }
  }
}
