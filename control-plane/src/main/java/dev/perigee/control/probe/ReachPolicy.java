package dev.perigee.control.probe;

import dev.perigee.control.fleet.Reach;

/**
 * What one node's probes come to: two in a row that fail make it down, two that are answered make
 * it up again. One that never answered is unknown.
 *
 * <p>One that does not answer for long, as those that are provisioned and not there yet, is probed
 * more seldom: it is in nobody's answers, and ten thousand of them cost as much as those that are.
 *
 * @param turned probes in a row that say otherwise
 * @param silent further probes in a row without an answer
 */
record ReachPolicy(Reach reach, int turned, int silent) {
  /** Probes in a row that make a node that was up be down. */
  static final int FALL = 2;

  /** Probes in a row that make a node that was down be up. */
  static final int RISE = 2;

  /** Each probe without an answer doubles the interval so many times at most. */
  static final int SELDOM = 3;

  /** Before the first probe. */
  static final ReachPolicy NEW = new ReachPolicy(Reach.UNKNOWN, 0, 0);

  /** Of a node that answered an earlier run of this process: two that fail make it down. */
  static final ReachPolicy ANSWERED_BEFORE = new ReachPolicy(Reach.SUSPECT, 0, 0);

  private static final ReachPolicy UP = new ReachPolicy(Reach.UP, 0, 0);

  ReachPolicy answered() {
    return switch (reach) {
      case UNKNOWN, UP, SUSPECT -> UP;
      case DOWN -> turned + 1 < RISE ? new ReachPolicy(Reach.DOWN, turned + 1, 0) : UP;
    };
  }

  ReachPolicy failed() {
    return switch (reach) {
      case UNKNOWN, DOWN -> new ReachPolicy(reach, 0, Math.min(SELDOM, silent + 1));
      case UP, SUSPECT ->
          turned + 1 < FALL
              ? new ReachPolicy(Reach.SUSPECT, turned + 1, 0)
              : new ReachPolicy(Reach.DOWN, 0, 0);
    };
  }

  /** By how much the interval to the next probe is longer than the usual one. */
  int stretch() {
    return 1 << silent;
  }
}
