package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Small bodies and large ones share one room fairly. */
class PoolsTest {
  private static final int UNITS = 20_000;
  private static final int READER = 0;
  private static final int SCANNER = 1;

  private final SiteRoom sites = new SiteRoom();
  private final Pool small = new Pool(sites);
  private final Pool large = new Pool(sites);

  private boolean ask(int site, long name, int units) {
    Pool pool = units < Chunks.PARTS ? small : large;
    long hash = (name + 1) * 0x9e3779b97f4a7c15L;
    List<Integer> found = new ArrayList<>(1);
    pool.slots.forEach(hash, found::add);
    if (!found.isEmpty()) {
      pool.queues.touch(found.getFirst());
      return true;
    }
    while (small.queues.used() + large.queues.used() + units > UNITS) {
      Pool from = Room.next(small, large);
      Pool other = from == small ? large : small;
      int victim = from.queues.victim(slot -> true);
      if (victim >= 0) {
        from.evict(victim);
      } else {
        other.evict(other.queues.victim(slot -> true));
      }
    }
    pool.add(hash, name + 1, 0, 0, site, units);
    return false;
  }

  private double readerHits(int readUnits, int scanUnits) {
    Random random = new Random(7);
    int hits = 0;
    int asked = 0;
    long scan = 1L << 32;
    int names = 4 * UNITS / readUnits;
    for (int step = 0; step < 600_000; step++) {
      long name = (long) Math.exp(random.nextDouble() * Math.log(names));
      boolean hit = ask(READER, name, readUnits);
      asked += step < 300_000 ? 0 : 1;
      hits += step < 300_000 || !hit ? 0 : 1;
      if (scanUnits > 0 && step > 200_000) {
        ask(SCANNER, scan++, scanUnits);
      }
    }
    return (double) hits / asked;
  }

  /** The story: a scan of large bodies took half of all room from a site of small ones. */
  @Test
  void aScanOfLargeBodiesCostsAnotherSiteLessThanTwoPointsOfItsHits() {
    double alone = readerHits(1, 0);
    double beside = new PoolsTest().readerHits(1, 64);
    System.out.println("PoolsTest hits of small bodies alone " + alone + ", beside " + beside);
    assertTrue(alone - beside < 0.02, alone + " alone, " + beside + " beside a scan");
  }

  @Test
  void aScanOfSmallBodiesCostsAnotherSiteLessThanTwoPointsOfItsHits() {
    double alone = readerHits(16, 0);
    double beside = new PoolsTest().readerHits(16, 2);
    System.out.println("PoolsTest hits of large bodies alone " + alone + ", beside " + beside);
    assertTrue(alone - beside < 0.02, alone + " alone, " + beside + " beside a scan");
  }

  @Test
  void aSiteKeepsItsShareOfSmallAndLargeBodiesTogether() {
    sites.limits(READER, UNITS / 4, UNITS);
    for (int i = 0; i < 100; i++) {
      ask(READER, i, 10);
      ask(READER, 1000 + i, 40);
    }
    assertEquals(UNITS / 4, sites.used(READER));
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 10_000; i++) {
        ask(SCANNER, 100_000 + i, 3);
        ask(SCANNER, 200_000 + i, 32);
      }
    }
    assertEquals(UNITS / 4, sites.used(READER));
  }
}
