package dev.perigee.edge.origin.pool;

import dev.perigee.contract.Breakers;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What one pool has under way on this node; it lives as long as the pool is configured. */
final class PoolLoad {
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicLong roundRobinTime = new AtomicLong();
  private final AtomicLong comparedMillis = new AtomicLong();
  private final RetryBudget retries = new RetryBudget();
  private final Draws draws;
  final LongAdder retried = new LongAdder();
  final LongAdder ejected = new LongAdder();
  final LongAdder tripped = new LongAdder();

  PoolLoad(long seed) {
    this.draws = new Draws(seed);
  }

  AtomicLong roundRobinTime() {
    return roundRobinTime;
  }

  Draws draws() {
    return draws;
  }

  RetryBudget retries() {
    return retries;
  }

  int requests() {
    return requests.get();
  }

  int connections() {
    return connections.get();
  }

  Breaker beginRequest(Breakers breakers) {
    return begin(requests, breakers.requests(), Breaker.REQUESTS);
  }

  void endRequest() {
    requests.decrementAndGet();
  }

  Breaker beginPending(Breakers breakers) {
    return begin(pending, breakers.pending(), Breaker.PENDING);
  }

  void endPending() {
    pending.decrementAndGet();
  }

  Breaker beginConnection(Breakers breakers) {
    return begin(connections, breakers.connections(), Breaker.CONNECTIONS);
  }

  void endConnection() {
    connections.decrementAndGet();
  }

  private Breaker begin(AtomicInteger counter, int most, Breaker otherwise) {
    if (counter.incrementAndGet() <= most) {
      return Breaker.CLOSED;
    }
    counter.decrementAndGet();
    tripped.increment();
    return otherwise;
  }

  /** Whether an interval is over since the last that was over; begins the next. */
  boolean isIntervalOver(long nowMillis, long intervalMillis) {
    long last = comparedMillis.get();
    return nowMillis - last >= intervalMillis && comparedMillis.compareAndSet(last, nowMillis);
  }
}
