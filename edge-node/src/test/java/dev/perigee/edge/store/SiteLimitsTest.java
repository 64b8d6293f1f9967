package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a site may take of a store counts small bodies and large ones together. */
class SiteLimitsTest {
  @TempDir Path folder;

  /** The story: a site of small and large bodies held its cap of the one and of the other. */
  @Test
  void aSiteHoldsItsCapOfSmallAndLargeBodiesTogether() throws Exception {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      Room room = store.shard().room;
      int site = store.store.context.sites().of(StoreUnderTest.SITE);
      long cap = (long) store.config.chunks() * Chunks.PARTS / 4;
      synchronized (room.lock) {
        room.limits(site, 0, 25);
      }
      for (int i = 0; i < 40; i++) {
        store.putNamed("/small/" + i, 40_000);
        store.putNamed("/large/" + i, 150_000);
      }
      store.settle();
      long held = room.sites.used(site);
      assertTrue(held <= cap && held > cap - 40, held + " of " + cap);
      assertEquals(held, room.small.queues.used(site) + room.large.queues.used(site));
      assertEquals(held, store.taken());
      assertTrue(store.has("/small/39") && store.has("/large/39"));
    }
  }
}
