package dev.perigee.edge.store;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;

/** STUB until merged. */
@SuppressWarnings("NullAway")
final class EvictionQueues {
  private final LinkedHashMap<Integer, int[]> order = new LinkedHashMap<>();
  private final Map<Integer, Boolean> hit = new HashMap<>();
  private long used;

  EvictionQueues(long capacityUnits) {}

  interface Visitor {
    void visit(int slot, boolean isMain, int frequency);
  }

  void add(int slot, int site, int units, int fingerprint) {
    order.put(slot, new int[] {site, units});
    used += units;
  }

  void restore(int slot, int site, int units, boolean isMain, int frequency) {
    add(slot, site, units, 0);
  }

  void touch(int slot) {
    synchronized (hit) {
      hit.put(slot, true);
    }
  }

  void remove(int slot) {
    used -= order.remove(slot)[1];
    synchronized (hit) {
      hit.remove(slot);
    }
  }

  int victim(IntPredicate evictable) {
    for (int steps = 2 * order.size(); steps > 0; steps--) {
      int slot = order.firstEntry().getKey();
      boolean was;
      synchronized (hit) {
        was = hit.remove(slot) != null;
      }
      if (!was && evictable.test(slot)) {
        return slot;
      }
      order.putLast(slot, order.remove(slot));
    }
    return -1;
  }

  void evicted(int slot) {
    remove(slot);
  }

  void limits(int site, long shareUnits, long capUnits) {}

  boolean overCap(int site) {
    return false;
  }

  long heapBytes() {
    return 20L * order.size();
  }

  long used() {
    return used;
  }

  long used(int site) {
    return order.values().stream().filter(o -> o[0] == site).mapToLong(o -> o[1]).sum();
  }

  int site(int slot) {
    return order.get(slot)[0];
  }

  int units(int slot) {
    return order.get(slot)[1];
  }

  void forEach(Visitor visitor) {
    order.keySet().forEach(slot -> visitor.visit(slot, false, 0));
  }
}
