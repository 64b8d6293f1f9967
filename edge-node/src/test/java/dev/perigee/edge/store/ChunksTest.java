package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A block belongs to one object, whatever its size. */
class ChunksTest {
  private static final int CHUNKS = 40;

  @Test
  void noByteIsGivenTwice() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("ChunksTest seed " + seed);
    Random random = new Random(seed);
    Chunks chunks = new Chunks(CHUNKS);
    Set<Integer> taken = new HashSet<>();
    List<Integer> large = new ArrayList<>();
    List<Integer> small = new ArrayList<>();
    for (int step = 0; step < 100_000; step++) {
      switch (random.nextInt(4)) {
        case 0 -> {
          int chunk = chunks.takeLarge();
          if (chunk >= 0) {
            large.add(chunk);
            for (int part = 0; part < 16; part++) {
              assertTrue(taken.add(chunk * 16 + part), "seed " + seed);
            }
          }
        }
        case 1 -> {
          int block = chunks.takeSmall();
          if (block >= 0) {
            small.add(block);
            assertTrue(taken.add(block), "seed " + seed);
          }
        }
        case 2 -> {
          if (!large.isEmpty()) {
            int chunk = takeAny(large, random);
            chunks.giveLarge(chunk);
            for (int part = 0; part < 16; part++) {
              taken.remove(chunk * 16 + part);
            }
          }
        }
        default -> {
          if (!small.isEmpty()) {
            int block = takeAny(small, random);
            chunks.giveSmall(block);
            taken.remove(block);
          }
        }
      }
      assertEquals(taken.size(), chunks.taken(), "seed " + seed);
      if (step % 1000 == 0) {
        Chunks again = new Chunks(CHUNKS);
        assertTrue(again.restore(chunks.large(), chunks.small()), "seed " + seed);
        assertEquals(chunks.taken(), again.taken(), "seed " + seed);
        assertEquals(chunks.free(), again.free(), "seed " + seed);
      }
    }
  }

  private static int takeAny(List<Integer> from, Random random) {
    Collections.swap(from, random.nextInt(from.size()), from.size() - 1);
    return from.removeLast();
  }

  @Test
  void allOfItCanBeTakenInEitherSize() {
    Chunks chunks = new Chunks(CHUNKS);
    for (int i = 0; i < CHUNKS * 16; i++) {
      assertTrue(chunks.takeSmall() >= 0);
    }
    assertEquals(-1, chunks.takeSmall());
    assertEquals(-1, chunks.takeLarge());
    for (int i = 0; i < CHUNKS * 16; i++) {
      chunks.giveSmall(i);
    }
    for (int i = 0; i < CHUNKS; i++) {
      assertTrue(chunks.takeLarge() >= 0);
    }
    assertEquals(-1, chunks.takeLarge());
  }

  @Test
  void whatIsFreeCannotBeGivenBack() {
    Chunks chunks = new Chunks(CHUNKS);
    assertThrows(IllegalStateException.class, () -> chunks.giveLarge(3));
    assertThrows(IllegalStateException.class, () -> chunks.giveSmall(3));
    int block = chunks.takeSmall();
    assertThrows(IllegalStateException.class, () -> chunks.giveLarge(block / 16));
  }

  @Test
  void aClaimIsWholeOrNothing() {
    Chunks chunks = new Chunks(10);
    assertTrue(chunks.claimLarge(new int[] {1, 2}));
    assertFalse(chunks.claimLarge(new int[] {3, 2}));
    assertFalse(chunks.claimLarge(new int[] {4, 10}));
    assertFalse(chunks.claimLarge(new int[] {5, -1}));
    assertFalse(chunks.claimLarge(new int[] {6, 6}));
    assertFalse(chunks.claimSmall(new int[] {48, 16}), "in a chunk that is a large block");
    assertFalse(chunks.claimSmall(new int[] {49, 49}));
    assertFalse(chunks.claimSmall(new int[] {160}));
    assertEquals(8, chunks.free());
    assertTrue(chunks.claimSmall(new int[] {48, 49}));
    assertFalse(chunks.claimLarge(new int[] {3}), "a chunk that is split");
  }
}
