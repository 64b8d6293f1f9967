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
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Purge is final: whatever is stored, purged, invalidated, validated, cut off from its log, crashed
 * and restarted in whatever order, nothing is found whose fetch began before a hard purge that
 * covers it, and what a soft purge covers is found stale. Repeat a run with {@code -Dperigee.seed}.
 */
class PurgeModelTest {
  private static final int STEPS = Boolean.getBoolean("perigee.full") ? 20_000 : 3000;
  private static final List<String> SITES = List.of("shop", "news");
  private static final List<String> HOSTS = List.of("a.example", "b.example");
  private static final List<String> TAGS = List.of("red", "green", "blue");
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.ofEpochMilli(1_800_000_000_000L));

  @TempDir Path folder;

  /** What was ordered, each with the time (in steps of this model) it was in force from. */
  private record Order(long at, Optional<Purge> purge) {}

  /** What was stored. */
  private static final class Version {
    final long begun;
    final int length;
    long checked;
    long stored = Long.MAX_VALUE;

    Version(long begun, int length) {
      this.begun = begun;
      this.checked = begun;
      this.length = length;
    }
  }

  private final List<Order> orders = new ArrayList<>();
  private final Map<String, Version> versions = new HashMap<>();
  private final Map<String, Long> newest = new HashMap<>();
  private final Map<String, Long> invalidated = new HashMap<>();
  private final List<StoredMeta> begun = new ArrayList<>();
  private long time;
  private long version;
  private long purgeNumber;
  private int logs;
  private int folders;
  private int finds;

  @ParameterizedTest(name = "{0} shards, {1} bytes of memory")
  @CsvSource({"1, 0", "2, 4000000", "2, 100000"})
  void nothingPurgedIsEverFoundAgain(int shards, long memory) throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("PurgeModelTest seed " + seed);
    Random random = new Random(seed);
    StoreConfig config =
        new StoreConfig(
            folder.resolve("store-0"), 16L << 20, 4L << 20, memory, 64L << 20, 2000, shards);
    StoreUnderTest store = StoreUnderTest.open(config, CLOCK);
    try {
      for (int step = 0; step < STEPS; step++) {
        time++;
        store = step(random, store);
        check(store, random, "seed " + seed + " step " + step);
      }
    } finally {
      store.close();
    }
    assertTrue(finds > STEPS / 5, finds + " of " + STEPS + " looked for were there: seed " + seed);
  }

  private StoreUnderTest step(Random random, StoreUnderTest store) throws IOException {
    int dice = random.nextInt(1000);
    if (dice < 560) {
      complete(store, meta(store, random));
    } else if (dice < 660) {
      begun.add(meta(store, random));
    } else if (dice < 700 && !begun.isEmpty()) {
      complete(store, begun.remove(random.nextInt(begun.size())));
    } else if (dice < 800) {
      validate(store, random);
    } else if (dice < 830) {
      CacheKey key = key(random);
      store.store.invalidate(key);
      invalidated.put(url(key), time);
    } else if (dice < 970) {
      purge(store, random);
    } else if (dice < 974) {
      disconnect(store, random);
    } else if (dice < 986) {
      // What an unsafe request invalidated goes from the disk with the next sweep.
      store.store.sweep();
      begun.clear();
      return store.restarted();
    } else {
      store.store.sweep();
      begun.clear();
      StoreUnderTest after = store.afterCrash(folder.resolve("store-" + ++folders));
      store.close();
      delete(store.directory);
      return after;
    }
    return store;
  }

  private static CacheKey key(Random random) {
    String target = (random.nextBoolean() ? "/img/" : "/text/") + random.nextInt(6);
    CacheKey key = CacheKey.of(SITES.get(random.nextInt(2)), HOSTS.get(random.nextInt(2)), target);
    return random.nextInt(4) == 0 ? key.withSlice(random.nextInt(2)) : key;
  }

  private static String url(CacheKey key) {
    return key.site() + " " + key.host() + " " + key.target();
  }

  private StoredMeta meta(StoreUnderTest store, Random random) {
    Set<String> tags = random.nextBoolean() ? Set.of() : Set.of(TAGS.get(random.nextInt(3)));
    Map<String, String> vary = Map.of("accept", Integer.toString(random.nextInt(2)));
    String tag = Long.toString(++version);
    // Seldom large, so that evictions come about as well.
    int length = random.nextInt(20) == 0 ? random.nextInt(1 << 20) : random.nextInt(20_000);
    versions.put(tag, new Version(time, length));
    return StoreUnderTest.meta(key(random), vary, tags, store.store.fence(), "ETag", tag);
  }

  private void complete(StoreUnderTest store, StoredMeta meta) {
    Version of = version(meta);
    Stored stored = store.put(meta, StoreUnderTest.body(tag(meta), of.length));
    boolean purged = last(meta, false) > of.begun;
    assertEquals(!purged, stored instanceof Stored.Kept, meta + " " + stored);
    if (!purged) {
      of.stored = time;
      newest.put(variant(meta), Long.parseLong(tag(meta)));
    }
  }

  private void validate(StoreUnderTest store, Random random) {
    List<StoredResponse> found = store.find(key(random));
    if (found.isEmpty()) {
      return;
    }
    StoredMeta old = found.getFirst().meta();
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
            store.store.fence(),
            OptionalLong.empty());
    assertTrue(store.store.refresh(found.getFirst(), fresh) instanceof Stored.Kept, "it is there");
    version(old).checked = time;
  }

  private void purge(StoreUnderTest store, Random random) throws IOException {
    CacheKey key = key(random);
    Optional<String> host = random.nextBoolean() ? Optional.of(key.host()) : Optional.empty();
    PurgeScope scope =
        switch (random.nextInt(20)) {
          case 0 -> new PurgeScope.Everything();
          case 1, 2 -> new PurgeScope.Host(key.host());
          case 3, 4, 5 -> new PurgeScope.Prefix(host, key.target().substring(0, 5));
          case 6, 7, 8, 9, 10, 11 -> new PurgeScope.Tag(TAGS.get(random.nextInt(3)));
          default -> new PurgeScope.Url(key.host(), key.target());
        };
    boolean all = scope instanceof PurgeScope.Everything && random.nextInt(4) == 0;
    Optional<String> site = all ? Optional.empty() : Optional.of(key.site());
    Purge purge = new Purge(++purgeNumber, site, scope, random.nextInt(3) == 0);
    orders.add(new Order(time, Optional.of(purge)));
    assertEquals(purge.number(), store.store.applyPurges(List.of(purge)));
  }

  /** Away for so long that the log does not reach back, or back to another log. */
  private void disconnect(StoreUnderTest store, Random random) throws IOException {
    boolean other = logs == 0 || random.nextBoolean();
    purgeNumber = other ? random.nextInt(50) : purgeNumber + 1 + random.nextInt(50);
    logs += other ? 1 : 0;
    orders.add(new Order(time, Optional.empty()));
    store.store.adopt("log-" + logs, purgeNumber);
    assertEquals(purgeNumber, store.store.lastPurge());
  }

  private void check(StoreUnderTest store, Random random, String when) {
    CacheKey key = key(random);
    List<StoredResponse> found = store.find(key);
    finds += found.isEmpty() ? 0 : 1;
    for (StoredResponse response : found) {
      StoredMeta meta = response.meta();
      Version of = version(meta);
      assertTrue(last(meta, false) <= of.begun, () -> when + ": purged " + meta);
      assertTrue(
          invalidated.getOrDefault(url(key), 0L) <= of.stored,
          () -> when + ": invalidated " + meta);
      assertEquals(
          last(meta, true) > of.checked,
          meta.softPurgedBy().isPresent(),
          () -> when + ": soft-purged at " + last(meta, true) + " " + meta);
      assertEquals(
          newest.get(variant(meta)),
          Long.parseLong(tag(meta)),
          () -> when + ": superseded " + meta);
      assertArrayEquals(
          StoreUnderTest.body(tag(meta), of.length),
          StoreUnderTest.read(response).orElseThrow(),
          () -> when + " " + meta);
    }
  }

  /** When the last purge of a kind came that covers a response; a gap in the log is a hard one. */
  private long last(StoredMeta meta, boolean soft) {
    CacheKey key = meta.key();
    return orders.stream()
        .filter(order -> order.purge.map(purge -> purge.soft() == soft).orElse(!soft))
        .filter(
            order ->
                order
                    .purge
                    .map(p -> p.covers(key.site(), key.host(), key.target(), meta.tags()))
                    .orElse(true))
        .mapToLong(Order::at)
        .max()
        .orElse(0);
  }

  private Version version(StoredMeta meta) {
    return Objects.requireNonNull(versions.get(tag(meta)));
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
