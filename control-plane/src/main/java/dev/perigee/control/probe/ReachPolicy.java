package dev.perigee.control.probe;

import dev.perigee.control.fleet.Reach;

/**
 * What one node's probes come to: two in a row that fail make it down, two that are answered make
 * it up again. One that never answered is unknown.
 *
 * @param turned probes in a row that say otherwise
 */
record ReachPolicy(Reach reach, int turned) {
  /** Probes in a row that make a node that was up be down. */
  static final int FALL = 2;

  /** Probes in a row that make a node that was down be up. */
  static final int RISE = 2;

  /** Before the first probe. */
  static final ReachPolicy NEW = new ReachPolicy(Reach.UNKNOWN, 0);

  private static final ReachPolicy UP = new ReachPolicy(Reach.UP, 0);
  private static final ReachPolicy DOWN = new ReachPolicy(Reach.DOWN, 0);

  ReachPolicy answered() {
    return switch (reach) {
      case UNKNOWN, UP, SUSPECT -> UP;
      case DOWN -> turned + 1 < RISE ? new ReachPolicy(Reach.DOWN, turned + 1) : UP;
    };
  }

  ReachPolicy failed() {
    return switch (reach) {
      case UNKNOWN -> NEW;
      case UP, SUSPECT -> turned + 1 < FALL ? new ReachPolicy(Reach.SUSPECT, turned + 1) : DOWN;
      case DOWN -> DOWN;
    };
  }
}
