package dev.perigee.edge.listener;

import dev.perigee.edge.request.Bandwidth;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** What one address has open. It is known for as long as that is anything. */
final class Visitor {
  private static final int GONE = -1;

  /** Connections and requests, each of which holds it. */
  private final AtomicInteger holds = new AtomicInteger();

  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger requests = new AtomicInteger();
  private final Optional<Asked> asked = Optional.of(new Asked(this, requests::decrementAndGet));
  private final Optional<Bandwidth> bandwidth;

  /**
   * One that has nothing open.
   *
   * @param bandwidth that all its connections have together; empty for any
   */
  Visitor(Optional<Bandwidth> bandwidth) {
    this.bandwidth = bandwidth;
  }

  /** False where it has just been forgotten. */
  boolean hold() {
    while (true) {
      int now = holds.get();
      if (now == GONE) {
        return false;
      }
      if (holds.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /** Whether that was the last. */
  boolean letGo() {
    return holds.decrementAndGet() == 0 && holds.compareAndSet(0, GONE);
  }

  boolean connect(int most) {
    return up(connections, most);
  }

  void disconnect() {
    connections.decrementAndGet();
  }

  boolean ask(int most) {
    return up(requests, most);
  }

  /**
   * A request.
   *
   * @param by whose it is
   * @param answered to be run when it has its answer
   */
  record Asked(Visitor by, Runnable answered) {}

  /** One of its requests; the same for all, so that none costs an object. */
  Optional<Asked> asked() {
    return asked;
  }

  /** Bytes are to go to it: the nanoseconds until they may; 0 at once. */
  long send(int bytes) {
    return bandwidth.isPresent() ? bandwidth.get().take(bytes) : 0;
  }

  /** Nanoseconds until one who has its address anew may have as much; 0 at once. */
  long untilIdle() {
    return bandwidth.map(Bandwidth::untilIdle).orElse(0L);
  }

  int connections() {
    return connections.get();
  }

  int requests() {
    return requests.get();
  }

  private static boolean up(AtomicInteger count, int most) {
    if (count.incrementAndGet() > most) {
      count.decrementAndGet();
      return false;
    }
    return true;
  }
}
