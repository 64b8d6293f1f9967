package dev.perigee.control.steer;

import java.util.Arrays;

/**
 * In which order the places of nodes are asked for clients of one network, whatever their state.
 *
 * <p>An entry is a place, or one node of it where a coverage zone names that node alone.
 */
final class Order {
  private static final int PLACE_BITS = 16;
  private static final int PLACE_MASK = (1 << PLACE_BITS) - 1;

  private final int[] entries;
  private final int inside;
  private final boolean pinned;

  /**
   * An order.
   *
   * @param entries the first first
   * @param inside how many of the first entries lie where the site keeps these clients
   * @param pinned whether the site keeps these clients anywhere
   */
  Order(int[] entries, int inside, boolean pinned) {
    this.entries = entries;
    this.inside = inside;
    this.pinned = pinned;
  }

  static int entry(int place) {
    return place;
  }

  static int entry(int place, int node) {
    return ((node + 1) << PLACE_BITS) | place;
  }

  /** The place of an entry. */
  static int placeOf(int entry) {
    return entry & PLACE_MASK;
  }

  int size() {
    return entries.length;
  }

  /** Index of the place. */
  int place(int index) {
    return placeOf(entries[index]);
  }

  /** Index of the only node of the place; below 0 for all of them. */
  int node(int index) {
    return (entries[index] >>> PLACE_BITS) - 1;
  }

  /** How many of the first entries come before any other, whatever their state. */
  int inside() {
    return inside;
  }

  /** Whether these clients are kept within places of which there are none. */
  boolean isPinnedNowhere() {
    return pinned && inside == 0;
  }

  boolean isPinned() {
    return pinned;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Order order
        && Arrays.equals(entries, order.entries)
        && inside == order.inside
        && pinned == order.pinned;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(entries) + inside;
  }
}
