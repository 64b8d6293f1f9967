package dev.perigee.control.steer;

import java.util.Arrays;

/**
 * Networks of both families and a number for each: an immutable binary tree in one array, in which
 * neighbours of the same number are one network. A look-up allocates nothing.
 *
 * <p>A child is the index of its two children in the array, or, below 0, the complement of a
 * number.
 */
final class NetworkTree {
  private static final int DEPTH_BITS = 8;

  private final int[] nodes;
  private final int root4;
  private final int root6;

  private NetworkTree(int[] nodes, int root4, int root6) {
    this.nodes = nodes;
    this.root4 = root4;
    this.root6 = root6;
  }

  /** One number for every address. */
  static NetworkTree of(int value) {
    return new NetworkTree(new int[0], ~value, ~value);
  }

  /**
   * The network that an address lies in.
   *
   * @param address 4 or 16 bytes
   * @return of which {@link #value} and {@link #depth} are parts
   */
  long find(byte[] address) {
    int at = address.length == Integer.BYTES ? root4 : root6;
    int depth = 0;
    while (at >= 0) {
      at = nodes[at + bit(address, depth)];
      depth++;
    }
    return (long) ~at << DEPTH_BITS | depth;
  }

  static int value(long found) {
    return (int) (found >> DEPTH_BITS);
  }

  /** Length of the network's prefix. */
  static int depth(long found) {
    return (int) found & 0xff;
  }

  static int bit(byte[] address, int index) {
    return address[index >> 3] >> (7 - (index & 7)) & 1;
  }

  int root4() {
    return root4;
  }

  int root6() {
    return root6;
  }

  /** The child on one side; of a network that is not divided itself. */
  int child(int at, int side) {
    return at < 0 ? at : nodes[at + side];
  }

  /** Bytes of memory. */
  long bytes() {
    return (long) Integer.BYTES * nodes.length;
  }

  /** Makes a tree from its leaves upwards, so that it never holds more than what is left of it. */
  static final class Builder {
    private int[] nodes = new int[64];
    private int length;

    static int leaf(int value) {
      return ~value;
    }

    /** The network of two halves; of two equal ones there is but one. */
    int join(int left, int right) {
      if (left == right && left < 0) {
        return left;
      }
      if (length == nodes.length) {
        nodes = Arrays.copyOf(nodes, 2 * length);
      }
      nodes[length] = left;
      nodes[length + 1] = right;
      length += 2;
      return length - 2;
    }

    NetworkTree build(int root4, int root6) {
      return new NetworkTree(Arrays.copyOf(nodes, length), root4, root6);
    }
  }

  /** What two numbers of the same addresses become. */
  interface Combination {
    int of(int ours, int theirs);
  }

  /** The tree of what the numbers of two trees become together. */
  NetworkTree with(NetworkTree other, Combination combination) {
    Combining combining = new Combining(other, combination);
    int four = combining.join(root4, other.root4);
    combining.sharedTheirs = other.root4;
    combining.sharedOurs = root4;
    combining.shared = four;
    return combining.builder.build(four, combining.join(root6, other.root6));
  }

  private final class Combining {
    private final NetworkTree other;
    private final Combination combination;
    private final Builder builder = new Builder();
    private int sharedOurs = -1;
    private int sharedTheirs = -1;
    private int shared = -1;

    Combining(NetworkTree other, Combination combination) {
      this.other = other;
      this.combination = combination;
    }

    private int join(int ours, int theirs) {
      if (ours < 0 && theirs < 0) {
        return Builder.leaf(combination.of(~ours, ~theirs));
      }
      if (shared >= 0 && ours == sharedOurs && theirs == sharedTheirs) {
        // IPv4 addresses within IPv6 ones: the same tree once more.
        return shared;
      }
      int left = join(child(ours, 0), other.child(theirs, 0));
      int right = join(child(ours, 1), other.child(theirs, 1));
      return builder.join(left, right);
    }
  }
}
