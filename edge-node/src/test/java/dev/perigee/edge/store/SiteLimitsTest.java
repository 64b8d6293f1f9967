package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SetCookie;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.table.HashTrie;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
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

  private static SiteConfig capped(int percent) {
    return new SiteConfig(
        StoreUnderTest.SITE,
        List.of(StoreUnderTest.HOST),
        List.of(new OriginUrl("http", "origin.example", 80)),
        Set.of(),
        false,
        false,
        new CachePolicy(
            List.of(), true, KeyRule.DEFAULT, 1_000, 1_000, 0, percent, SetCookie.EXPLICIT));
  }

  @Test
  void aCapIsInForceFromTheChangeThatBringsItToTheOneThatTakesItAway() throws Exception {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      long cap = (long) store.config.chunks() * Chunks.PARTS / 4;
      HashTrie<SiteConfig> sites = HashTrie.of(List.of(capped(25)), SiteConfig::id);
      store.store.limit(sites);
      assertTrue(held(store) <= cap);
      store.store.limit(sites);
      assertTrue(held(store) <= cap, "nothing has changed");
      store.store.limit(sites.without(StoreUnderTest.SITE));
      assertTrue(held(store) > cap);
      store.store.limit(HashTrie.of(List.of(capped(25)), SiteConfig::id));
      assertTrue(held(store) <= cap);
    }
  }

  /** What the site holds after much of it has come. */
  private static long held(StoreUnderTest store) throws Exception {
    for (int i = 0; i < 40; i++) {
      store.putNamed("/large/" + i, 150_000);
    }
    store.settle();
    return store.shard().room.sites.used(store.store.context.sites().of(StoreUnderTest.SITE));
  }
}
