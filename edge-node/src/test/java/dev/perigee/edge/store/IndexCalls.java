package dev.perigee.edge.store;

import java.util.BitSet;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/**
 * The index of a shard: changed under the lock, asked without it. It stands just before it must
 * grow.
 */
@Param(name = "object", gen = IntGen.class, conf = "1:3")
public final class IndexCalls {
  private static final int FULL = 1023;

  private final SlotTable slots = new SlotTable();
  private final EvictionQueues queues = new EvictionQueues(new SiteRoom());
  private final Object lock = new Object();

  /** Object to the slot it has or had, plus one. */
  private final int[] slotOf = new int[4];

  /** Called for each run. */
  public IndexCalls() {
    for (int i = 0; i < FULL; i++) {
      queues.add(slots.add(2L * i, 1000 + i, i, 0), 0, 1, i);
    }
  }

  /** Odd, and those of the others are even: none is looked for in their places. */
  private static long hash(int object) {
    return 2L * object + 1;
  }

  /** Keeps an object, unless it is there. */
  @Operation(params = "object")
  public boolean add(int object) {
    synchronized (lock) {
      if (isThere(object)) {
        return false;
      }
      int slot = slots.add(hash(object), object, 0, 0);
      queues.add(slot, 0, 1, -object);
      slotOf[object] = slot + 1;
      return true;
    }
  }

  /** Forgets an object. */
  @Operation(params = "object")
  public boolean remove(int object) {
    synchronized (lock) {
      if (!isThere(object)) {
        return false;
      }
      queues.remove(slotOf[object] - 1);
      slots.remove(slotOf[object] - 1);
      return true;
    }
  }

  /** By its hash, as a look-up that is not answered from memory. */
  @Operation(params = "object")
  public int count(int object) {
    synchronized (lock) {
      int[] count = new int[1];
      slots.forEach(hash(object), slot -> count[0] += slots.id(slot) == object ? 1 : 0);
      return count[0];
    }
  }

  /** Without the lock, as a hit from memory; which is noted for eviction. */
  @Operation(params = "object")
  public boolean isThere(int object) {
    int slot = slotOf[object] - 1;
    if (slot < 0 || !slots.holds(slot, object)) {
      return false;
    }
    queues.touch(slot);
    return true;
  }

  /** What the calls answer one after the other. */
  public static final class Rules {
    private final BitSet there = new BitSet();

    /** Called for each run. */
    public Rules() {}

    /** Whether it was not there. */
    public boolean add(int object) {
      boolean isNew = !there.get(object);
      there.set(object);
      return isNew;
    }

    /** Whether it was there. */
    public boolean remove(int object) {
      boolean was = there.get(object);
      there.clear(object);
      return was;
    }

    /** One, or none. */
    public int count(int object) {
      return there.get(object) ? 1 : 0;
    }

    /** Whether it is there. */
    public boolean isThere(int object) {
      return there.get(object);
    }
  }
}
