package dev.perigee.edge.listener;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** What one address has open. It is known for as long as that is anything. */
final class Visitor {
  private static final int GONE = -1;

  /** Connections and requests, each of which holds it. */
  private final AtomicInteger holds = new AtomicInteger();

  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger requests = new AtomicInteger();
  private final Optional<Runnable> answered = Optional.of(requests::decrementAndGet);

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

  /** To be run when one of its requests has its answer. */
  Optional<Runnable> answered() {
    return answered;
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
