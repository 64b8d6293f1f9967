package dev.perigee.edge.origin;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which nodes are left alone, by what became of asking them: after a failure for a second, after
 * each further one for twice as long, a minute at most. Then one request tries, and the others go
 * on leaving the node alone until that one has come back. Any thread.
 */
final class PeerHealth {
  private static final long FIRST_MILLIS = 1_000;
  private static final int MAX_DOUBLINGS = 6;
  private static final long MOST_MILLIS = 60_000;

  private final Map<String, Trouble> troubles = new ConcurrentHashMap<>();

  /**
   * A node that failed.
   *
   * @param failures in a row
   * @param untilMillis it is left alone
   */
  private record Trouble(int failures, long untilMillis) {
    long pause() {
      return Math.min(MOST_MILLIS, FIRST_MILLIS << Math.min(MAX_DOUBLINGS, failures - 1));
    }
  }

  /** Whether this request may ask the node; the first one after a pause takes the try for all. */
  boolean mayAsk(String node, long nowMillis) {
    Trouble trouble = troubles.get(node);
    if (trouble == null) {
      return true;
    }
    Trouble tried = new Trouble(trouble.failures, nowMillis + trouble.pause());
    return nowMillis >= trouble.untilMillis && troubles.replace(node, trouble, tried);
  }

  void answered(String node) {
    troubles.remove(node);
  }

  void failed(String node, long nowMillis) {
    troubles.compute(
        node,
        (name, before) -> {
          int failures = before == null ? 1 : before.failures + 1;
          return new Trouble(failures, nowMillis + new Trouble(failures, 0).pause());
        });
  }

  /** Nodes that failed last. */
  int size() {
    return troubles.size();
  }
}
