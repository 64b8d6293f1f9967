package dev.perigee.control.limit;

import dev.perigee.contract.FromControl.Share;

/**
 * How one limit is divided among nodes. What they may let in together is the limit's rate, and over
 * some seconds what they have let in too little, or too much. Where there is too little for all,
 * each gets by what it wants, and a small part evenly, so that nobody who begins to want has
 * nothing; where there is enough, each gets what it wants and a part of the rest.
 */
final class Division {
  /** In which what was let in too little or too much comes back. */
  static final double BACK_SECONDS = 4;

  /** Whatever was let in too much or too little, where it is scarce so much is let in on. */
  static final double LEAST = 0.97;

  static final double MOST = 1.05;

  /** Of what is scarce this part is divided evenly. */
  static final double EVEN = 0.05;

  /** And this part of what is left over. */
  static final double EVEN_REST = 0.1;

  /** Seconds of its rate that a node may let in at once, at least. */
  static final double AT_ONCE_SECONDS = 0.25;

  private Division() {}

  /**
   * Requests each second that all nodes may let in together, just now.
   *
   * @param wanted by all of them
   */
  static double available(double rate, double credit, double wanted) {
    double even = Math.max(LEAST * rate, rate + credit / BACK_SECONDS);
    return wanted > even ? Math.min(MOST * rate, even) : even;
  }

  /**
   * One node's share.
   *
   * @param rate of the limit, in requests each second
   * @param credit requests that were not let in and might have been; less than 0 for too many
   * @param wanted by this node, in requests each second
   * @param all wanted by all nodes together
   * @param nodes how many there are, at least 1
   */
  static Share share(long key, double rate, double credit, double wanted, double all, int nodes) {
    double available = available(rate, credit, all);
    double part = all > 0 ? Math.min(1, wanted / all) : 1.0 / nodes;
    double own;
    if (all > available) {
      own = available * ((1 - EVEN) * part + EVEN / nodes);
    } else {
      double rest = available - all;
      own = wanted + rest * ((1 - EVEN_REST) * part + EVEN_REST / nodes);
    }
    double atOnce = Math.max(AT_ONCE_SECONDS * own, Math.max(0, credit) * own / available);
    return new Share(key, own, Math.max(1, atOnce));
  }
}
