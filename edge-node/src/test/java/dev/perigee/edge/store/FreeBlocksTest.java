package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A block belongs to one object. */
class FreeBlocksTest {
  @Test
  void everyBlockIsGivenOnceAndNoMore() {
    FreeBlocks free = new FreeBlocks(100);
    Set<Integer> taken = new HashSet<>();
    while (free.count() > 0) {
      assertTrue(taken.add(free.take()));
    }
    assertEquals(100, taken.size());
    assertThrows(IllegalStateException.class, free::take);
    free.give(41);
    assertThrows(IllegalStateException.class, () -> free.give(41));
    assertEquals(41, free.take());
  }

  @Test
  void aClaimIsWholeOrNothing() {
    FreeBlocks free = new FreeBlocks(10);
    assertTrue(free.claim(new int[] {1, 2}));
    assertFalse(free.claim(new int[] {3, 2}));
    assertFalse(free.claim(new int[] {4, 10}));
    assertFalse(free.claim(new int[] {5, -1}));
    assertFalse(free.claim(new int[] {6, 6}));
    assertEquals(8, free.count());
    assertTrue(free.claim(new int[] {3, 4, 5, 6}));
  }

  @Test
  void itComesBackFromItsBits() {
    FreeBlocks free = new FreeBlocks(70);
    free.claim(new int[] {0, 63, 64, 69});
    FreeBlocks again = new FreeBlocks(70);
    assertTrue(again.restore(free.toLongs()));
    assertEquals(66, again.count());
    assertFalse(again.claim(new int[] {69}));
    assertFalse(new FreeBlocks(69).restore(free.toLongs()), "of a larger file");
  }
}
