package dev.perigee.edge.limit;

import dev.perigee.contract.FromControl.Share;
import java.util.List;

/**
 * This node's shares of the limits of the whole fleet, by the hash of what is counted; immutable
 * and swapped whole. Looked up without making an object.
 */
final class Shares {
  private static final long NANOS = 1_000_000_000;

  /** Some 100 days: of a share that is as good as none. */
  private static final double MOST_NANOS = 1e16;

  private final long[] keys;
  private final long[] intervals;
  private final long[] spans;
  private final int mask;
  private final int nodes;

  private Shares(int nodes, int size) {
    this.nodes = nodes;
    this.keys = new long[size];
    this.intervals = new long[size];
    this.spans = new long[size];
    this.mask = size - 1;
  }

  /** Those of a node that was told nothing but how many there are. */
  static Shares none(int nodes) {
    return new Shares(nodes, 1);
  }

  /**
   * Those of a message.
   *
   * @param nodes among which limits are divided, this one too
   */
  static Shares of(int nodes, List<Share> all) {
    Shares shares = new Shares(nodes, Integer.highestOneBit(Math.max(1, all.size())) * 4);
    for (Share share : all) {
      int at = (int) share.key() & shares.mask;
      while (shares.keys[at] != 0 && shares.keys[at] != share.key()) {
        at = at + 1 & shares.mask;
      }
      double interval = Math.clamp(NANOS / share.rate(), 1, MOST_NANOS);
      shares.keys[at] = share.key();
      shares.intervals[at] = (long) interval;
      shares.spans[at] = (long) Math.clamp(interval * share.burst(), interval, MOST_NANOS);
    }
    return shares;
  }

  int nodes() {
    return nodes;
  }

  /** Where a key's share is; -1 where it has none. */
  int find(long key) {
    for (int at = (int) key & mask; keys[at] != 0; at = at + 1 & mask) {
      if (keys[at] == key) {
        return at;
      }
    }
    return -1;
  }

  /** Nanoseconds from one token to the next. */
  long interval(int at) {
    return intervals[at];
  }

  /** Nanoseconds in which all tokens come that are kept. */
  long span(int at) {
    return spans[at];
  }
}
