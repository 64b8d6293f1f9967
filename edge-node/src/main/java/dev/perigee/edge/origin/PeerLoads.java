package dev.perigee.edge.origin;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests of this node that wait for each other node's answer, and whether one has more than its
 * share: consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016), as far
 * as one node sees it. Any thread.
 */
final class PeerLoads {
  /** Requests that every node may have, whatever the others have. */
  private static final int FLOOR = 64;

  /** Above the average by a quarter. */
  private static final double MOST = 1.25;

  private final Map<String, AtomicInteger> waiting = new ConcurrentHashMap<>();

  boolean mayTake(String node) {
    AtomicInteger own = waiting.get(node);
    if (own == null || own.get() < FLOOR) {
      return true;
    }
    int all = 1;
    for (AtomicInteger one : waiting.values()) {
      all += one.get();
    }
    return own.get() + 1 <= Math.ceil(MOST * all / waiting.size());
  }

  void begun(String node) {
    waiting.computeIfAbsent(node, n -> new AtomicInteger()).incrementAndGet();
  }

  void ended(String node) {
    waiting.computeIfAbsent(node, n -> new AtomicInteger()).decrementAndGet();
  }

  int waiting(String node) {
    AtomicInteger own = waiting.get(node);
    return own == null ? 0 : own.get();
  }
}
