package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The index finds exactly what was put into it, in little memory. */
class SlotTableTest {
  private static final int STEPS = 200_000;

  private record Entry(long hash, long id, int url, long tags) {}

  @Test
  void itHoldsWhatAPlainMapHolds() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("SlotTableTest seed " + seed);
    Random random = new Random(seed);
    SlotTable table = new SlotTable();
    Map<Integer, Entry> model = new HashMap<>();
    List<Integer> slots = new ArrayList<>();
    for (int step = 1; step <= STEPS; step++) {
      // Few hashes, so that many meet, and neighbours in the table as well.
      long hash = random.nextInt(3000) * (random.nextBoolean() ? 1L : 1L << 33);
      boolean grow = random.nextInt(100) < (step / 20_000 % 2 == 0 ? 60 : 40);
      if (grow || slots.isEmpty()) {
        Entry entry = new Entry(hash, step, random.nextInt(), random.nextLong());
        int slot = table.add(entry.hash, entry.id, entry.url, entry.tags);
        assertFalse(model.containsKey(slot), "a slot given twice: seed " + seed);
        model.put(slot, entry);
        slots.add(slot);
      } else {
        int at = random.nextInt(slots.size());
        int slot = slots.get(at);
        slots.set(at, slots.getLast());
        slots.removeLast();
        table.remove(slot);
        assertFalse(table.isTaken(slot));
        model.remove(slot);
      }
      assertEquals(model.size(), table.size());
      if (step % 50 == 0) {
        check(table, model, hash, "seed " + seed + " step " + step);
      }
    }
  }

  private static void check(SlotTable table, Map<Integer, Entry> model, long hash, String when) {
    Set<Integer> found = new HashSet<>();
    table.forEach(hash, slot -> assertTrue(found.add(slot), when));
    Set<Integer> wanted = new HashSet<>();
    model.forEach(
        (slot, entry) -> {
          if (entry.hash == hash) {
            wanted.add(slot);
            assertTrue(table.holds(slot, entry.id), when);
            assertEquals(entry.url, table.url(slot), when);
            assertEquals(entry.tags, table.tags(slot), when);
          }
        });
    assertEquals(wanted, found, when);
  }

  /** The house: at most 64 bytes of heap an object, of which eviction takes at most 20. */
  @Test
  void anObjectTakesAtMost44Bytes() {
    Random random = new Random(1);
    SlotTable table = new SlotTable();
    for (int i = 1; i <= 2_000_000; i++) {
      table.add(random.nextLong(), i, i, i);
      if (i > 200_000 && i % 10_000 == 0) {
        long each = table.heapBytes() / table.size();
        assertTrue(each <= 44, each + " bytes each at " + i);
      }
    }
  }
}
