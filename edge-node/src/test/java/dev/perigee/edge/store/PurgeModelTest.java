package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Purge is final: whatever is stored, purged, validated, crashed and restarted in whatever order,
 * nothing is found whose fetch began before a hard purge that covers it, and what a soft purge
 * covers is found stale. Repeat a run with {@code -Dperigee.seed}.
 */
class PurgeModelTest {
  private static final int STEPS = Boolean.getBoolean("perigee.full") ? 20_000 : 3000;
  private static final List<String> SITES = List.of("shop", "news");
  private static final List<String> HOSTS = List.of("a.example", "b.example");
  private static final List<String> TAGS = List.of("red", "green", "blue");

  @TempDir Path folder;

  private final List<Purge> purges = new ArrayList<>();
  private final Map<String, Integer> lengths = new HashMap<>();
  private final Map<String, Long> newest = new HashMap<>();
  private final List<StoredMeta> begun = new ArrayList<>();
  private long version;
  private int folders;

  @Test
  void nothingPurgedIsEverFoundAgain() throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("PurgeModelTest seed " + seed);
    Random random = new Random(seed);
    StoreUnderTest store = StoreUnderTest.open(folder.resolve("store-0"));
    try {
      for (int step = 0; step < STEPS; step++) {
        store = step(random, store);
        check(store, random, "seed " + seed + " step " + step);
      }
    } finally {
      store.close();
    }
  }

  private StoreUnderTest step(Random random, StoreUnderTest store) throws IOException {
    int dice = random.nextInt(1000);
    if (dice < 500) {
      store(store, random);
    } else if (dice < 600) {
      begun.add(meta(store, random));
    } else if (dice < 650 && !begun.isEmpty()) {
      complete(store, begun.remove(random.nextInt(begun.size())), random);
    } else if (dice < 750) {
      validate(store, random);
    } else if (dice < 970) {
      purge(store, random);
    } else if (dice < 985) {
      begun.clear();
      return store.restarted();
    } else {
      begun.clear();
      Path copy = folder.resolve("store-" + ++folders);
      StoreUnderTest after = store.afterCrash(copy);
      store.close();
      delete(store.directory);
      return after;
    }
    return store;
  }

  private static CacheKey key(Random random) {
    String target = (random.nextBoolean() ? "/img/" : "/text/") + random.nextInt(6);
    return CacheKey.of(SITES.get(random.nextInt(2)), HOSTS.get(random.nextInt(2)), target);
  }

  private StoredMeta meta(StoreUnderTest store, Random random) {
    Set<String> tags = random.nextBoolean() ? Set.of() : Set.of(TAGS.get(random.nextInt(3)));
    Map<String, String> vary = Map.of("accept", Integer.toString(random.nextInt(2)));
    version++;
    return StoreUnderTest.meta(
        key(random), vary, tags, store.store.fence(), "ETag", Long.toString(version));
  }

  private void store(StoreUnderTest store, Random random) {
    complete(store, meta(store, random), random);
  }

  private void complete(StoreUnderTest store, StoredMeta meta, Random random) {
    String tag = tag(meta);
    // Seldom large, so that evictions come about as well.
    int length = random.nextInt(20) == 0 ? random.nextInt(1 << 20) : random.nextInt(20_000);
    lengths.put(tag, length);
    Stored stored = store.put(meta, StoreUnderTest.body(tag, length));
    boolean purged = hard(meta) > meta.bodyFence();
    assertEquals(!purged, stored instanceof Stored.Kept, meta + " " + stored);
    if (!purged) {
      newest.put(variant(meta), Long.parseLong(tag));
    }
  }

  private void validate(StoreUnderTest store, Random random) {
    List<StoredResponse> found = store.find(key(random));
    if (found.isEmpty()) {
      return;
    }
    StoredMeta old = found.getFirst().meta();
    long fence = store.store.fence();
    StoredMeta fresh =
        new StoredMeta(
            old.key(),
            old.head(),
            old.varyNames(),
            old.varyValues(),
            old.tags(),
            old.requestMillis(),
            old.responseMillis(),
            old.bodyFence(),
            fence,
            java.util.OptionalLong.empty());
    assertTrue(store.store.refresh(found.getFirst(), fresh) instanceof Stored.Kept, "it is there");
  }

  private void purge(StoreUnderTest store, Random random) throws IOException {
    CacheKey key = key(random);
    Optional<String> host = random.nextBoolean() ? Optional.of(key.host()) : Optional.empty();
    PurgeScope scope =
        switch (random.nextInt(10)) {
          case 0 -> new PurgeScope.Everything();
          case 1 -> new PurgeScope.Host(key.host());
          case 2, 3 -> new PurgeScope.Prefix(host, key.target().substring(0, 5));
          case 4, 5, 6 -> new PurgeScope.Tag(TAGS.get(random.nextInt(3)));
          default -> new PurgeScope.Url(key.host(), key.target());
        };
    boolean all = scope instanceof PurgeScope.Everything && random.nextInt(4) == 0;
    Optional<String> site = all ? Optional.empty() : Optional.of(key.site());
    Purge purge = new Purge(purges.size() + 1L, site, scope, random.nextInt(3) == 0);
    purges.add(purge);
    assertEquals(purge.number(), store.store.applyPurges(List.of(purge)));
  }

  private void check(StoreUnderTest store, Random random, String when) {
    CacheKey key = key(random);
    for (StoredResponse response : store.find(key)) {
      StoredMeta meta = response.meta();
      assertTrue(hard(meta) <= meta.bodyFence(), () -> when + ": purged " + meta);
      assertEquals(
          soft(meta) > meta.freshFence(),
          meta.softPurgedBy().isPresent(),
          () -> when + ": soft-purged by " + soft(meta) + " " + meta);
      String tag = tag(meta);
      assertEquals(
          newest.get(variant(meta)), Long.parseLong(tag), () -> when + ": superseded " + meta);
      int length = Optional.ofNullable(lengths.get(tag)).orElseThrow();
      assertArrayEquals(
          StoreUnderTest.body(tag, length),
          StoreUnderTest.read(response).orElseThrow(),
          () -> when + " " + meta);
    }
  }

  private long hard(StoredMeta meta) {
    return last(meta, false);
  }

  private long soft(StoredMeta meta) {
    return last(meta, true);
  }

  private long last(StoredMeta meta, boolean soft) {
    CacheKey key = meta.key();
    return purges.stream()
        .filter(purge -> purge.soft() == soft)
        .filter(purge -> purge.covers(key.site(), key.host(), key.target(), meta.tags()))
        .mapToLong(Purge::number)
        .max()
        .orElse(0);
  }

  private static String tag(StoredMeta meta) {
    return meta.head().fields().first("ETag").orElseThrow();
  }

  private static String variant(StoredMeta meta) {
    return meta.key().canonical() + " " + meta.varyValues();
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
