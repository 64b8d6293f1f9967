package dev.perigee.edge.store;

import static dev.perigee.edge.store.StoreUnderTest.body;
import static dev.perigee.edge.store.StoreUnderTest.key;
import static dev.perigee.edge.store.StoreUnderTest.meta;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store in many parts, with readers, writers and purges at once, and on a failing disk. */
class ShardedStoreTest {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.ofEpochMilli(1_800_000_000_000L));

  @TempDir Path folder;

  private StoreConfig config(int shards, long memory) {
    return new StoreConfig(
        folder.resolve("store"), 12L << 20 << 2, 4L << 20, memory, 64L << 20, 4000, shards);
  }

  /** The story: a start that looked through everything first took a minute and more. */
  @Test
  void whatBelongsToAPartThatIsNotOpenYetIsNeitherFoundNorStored() throws Exception {
    StoreConfig many =
        new StoreConfig(
            folder.resolve("store"), 64L * (8L << 20), 1L << 20, 0, 64L << 20, 64_000, 64);
    try (ChronicleResponseStore store = ChronicleResponseStore.open(many, CLOCK)) {
      boolean refused = false;
      for (int i = 0; i < 500 && !refused; i++) {
        CompletableFuture<List<StoredResponse>> found = new CompletableFuture<>();
        store.find(key("/" + i), Runnable::run, found::complete);
        assertEquals(List.of(), found.get(20, TimeUnit.SECONDS));
        ResponseWriter writer =
            store.begin(meta(key("/" + i), Map.of(), Set.of(), 0), OptionalLong.empty());
        refused = writer.refused().equals(Optional.of(StoreReason.OPENING));
        writer.abort();
      }
      assertTrue(refused, "some part was not open at once");
      assertTrue(store.awaitOpen(Duration.ofSeconds(60)));
      Awaitility.await().until(() -> store.statistics().openShards() == 64);
    }
  }

  @Test
  void everythingIsThereAfterARestartInWhicheverPart() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(config(4, 0), CLOCK);
    for (int i = 0; i < 400; i++) {
      store.putNamed("/" + i, 1000 + i);
    }
    store.purge(1, new PurgeScope.Url(StoreUnderTest.HOST, "/7"), false);
    try (StoreUnderTest again = store.restarted()) {
      assertEquals(4, again.store.statistics().openShards());
      for (int i = 0; i < 400; i++) {
        assertEquals(i != 7, again.has("/" + i), "/" + i);
      }
      assertArrayEquals(body("/399", 1399), again.read("/399").orElseThrow());
    }
  }

  @Test
  void anIndexThatIsDamagedOrMissingIsReadAnewFromTheRecords() throws IOException {
    for (String damage : List.of("flipped", "cut", "missing")) {
      StoreUnderTest store = StoreUnderTest.open(folder.resolve(damage));
      store.putNamed("/a", 100_000);
      store.putNamed("/b", 10);
      int taken = store.taken();
      store.close();
      Path index = folder.resolve(damage).resolve("shard-0/index.dat");
      byte[] bytes = Files.readAllBytes(index);
      switch (damage) {
        case "flipped" -> {
          bytes[bytes.length / 2] ^= 1;
          Files.write(index, bytes);
        }
        case "cut" -> Files.write(index, Arrays.copyOf(bytes, bytes.length - 9));
        default -> Files.delete(index);
      }
      try (StoreUnderTest again = StoreUnderTest.open(folder.resolve(damage))) {
        assertArrayEquals(body("/a", 100_000), again.read("/a").orElseThrow(), damage);
        assertArrayEquals(body("/b", 10), again.read("/b").orElseThrow(), damage);
        assertEquals(taken, again.taken(), damage);
      }
    }
  }

  /** The story: an upload that was cut off at the end of a run took its blocks with it for good. */
  @Test
  void blocksOfAnUnfinishedResponseComeBackAfterARestart() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(folder.resolve("store"));
    ResponseWriter writer = store.store.begin(store.meta("/a"), OptionalLong.empty());
    CompletableFuture<Optional<StoreReason>> readable = new CompletableFuture<>();
    writer.write(ByteBuffer.wrap(body("/a", 300_000)), readable::complete);
    StoreUnderTest.await(readable);
    assertTrue(store.taken() > 0);
    try (StoreUnderTest again = store.restarted()) {
      assertEquals(0, again.taken());
    }
  }

  /** The story: once the records' file was full of long heads, nothing new was ever stored. */
  @Test
  void longHeadsMakeRoomForEachOther() throws IOException {
    String longField = "x".repeat(6000);
    try (StoreUnderTest store = StoreUnderTest.open(folder.resolve("store"))) {
      for (int i = 0; i < 1500; i++) {
        Stored stored = store.put(store.meta("/" + i, "X-Long", longField), body("/" + i, 10));
        assertTrue(stored instanceof Stored.Kept, i + ": " + stored);
      }
      assertTrue(store.has("/1499"));
      assertTrue(store.store.statistics().evictions() > 0);
    }
  }

  /** A page that the disk does not give back is an Error of the virtual machine. */
  @Test
  void aDiskThatFailsCostsTheStoreAndNotTheTraffic() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder.resolve("store"))) {
      for (int i = 0; i < 20; i++) {
        store.putNamed("/" + i, 100_000);
      }
      try (FileChannel file =
          FileChannel.open(folder.resolve("store/shard-0/blocks.dat"), StandardOpenOption.WRITE)) {
        file.truncate(64 * 1024);
      }
      for (int i = 0; i < 20; i++) {
        Optional<byte[]> read = store.read("/" + i);
        assertTrue(read.isEmpty() || Arrays.equals(body("/" + i, 100_000), read.get()));
      }
      assertTrue(store.store.statistics().faults() > 0);
      Stored refused = store.put(store.meta("/new"), body("/new", 2_000_000));
      assertTrue(refused instanceof Stored.Refused, refused.toString());
      assertEquals(3, store.store.applyPurges(List.of(everything(3))));
    }
  }

  private static Purge everything(long number) {
    return new Purge(number, Optional.empty(), new PurgeScope.Everything(), false);
  }

  /** "Blocks being sent survive eviction and purge", under a thousand readers. */
  @Test
  void everyByteIsRightUnderAThousandSlowReaders() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(config(1, 0), CLOCK)) {
      List<StoredBody> readers = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        store.putNamed("/" + i, 300_000 + i);
      }
      for (int i = 0; i < 1000; i++) {
        readers.add(store.find("/" + i % 50).getFirst().open().orElseThrow());
      }
      for (int round = 0; round < 8; round++) {
        // Everything old is purged or has to make room while it is read.
        store.purge(round + 1, new PurgeScope.Url(StoreUnderTest.HOST, "/" + round), false);
        for (int i = 0; i < 20; i++) {
          store.putNamed("/other/" + round + "/" + i, 700_000);
        }
        for (int i = round * 120; i < Math.min(1000, (round + 1) * 125); i++) {
          readHalf(readers.get(i), i % 50, i);
        }
      }
      for (int i = 0; i < 1000; i++) {
        assertArrayEquals(
            body("/" + i % 50, 300_000 + i % 50),
            StoreUnderTest.read(readers.get(i)).orElseThrow());
        readers.get(i).close();
      }
      assertTrue(store.store.statistics().evictions() > 0);
      for (int round = 0; round < 8; round++) {
        assertFalse(store.has("/" + round));
      }
    }
  }

  private static void readHalf(StoredBody body, int name, int reader) {
    byte[] wanted = body("/" + name, 300_000 + name);
    for (long at = 0; at < wanted.length / 2; ) {
      byte[] part = StoreUnderTest.readPart(body, at);
      assertArrayEquals(
          Arrays.copyOfRange(wanted, (int) at, (int) at + part.length), part, "reader " + reader);
      at += part.length;
    }
  }

  /**
   * The purge rule under contention: what was fetched before a purge is never found after its
   * acknowledgement, whoever stores, reads, validates and evicts meanwhile.
   */
  @Test
  void noPurgedVersionIsFoundByAnyThread() throws Exception {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("ShardedStoreTest seed " + seed);
    AtomicLong acknowledged = new AtomicLong();
    AtomicBoolean over = new AtomicBoolean();
    try (StoreUnderTest store = StoreUnderTest.open(config(4, 2L << 20), CLOCK);
        ExecutorService threads = Executors.newFixedThreadPool(5)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        long own = seed + i;
        running.add(threads.submit(() -> storeAndRead(store, own, acknowledged, over)));
        running.add(threads.submit(() -> readOnly(store, own + 7, acknowledged, over)));
      }
      for (int number = 1; number <= 400; number++) {
        store.purge(number, new PurgeScope.Tag("all"), false);
        acknowledged.set(number);
        if (number % 50 == 0) {
          store.store.sweep();
        }
      }
      over.set(true);
      for (Future<?> one : running) {
        one.get(60, TimeUnit.SECONDS);
      }
    }
  }

  private static Object storeAndRead(
      StoreUnderTest store, long seed, AtomicLong acknowledged, AtomicBoolean over) {
    Random random = new Random(seed);
    while (!over.get()) {
      String target = "/" + random.nextInt(20);
      long fence = store.store.fence();
      store.put(
          meta(key(target), Map.of(), Set.of("all"), fence, "ETag", Long.toString(fence)),
          body(target, 1 + random.nextInt(70_000)));
      check(store, "/" + random.nextInt(20), acknowledged, seed);
    }
    return over;
  }

  private static Object readOnly(
      StoreUnderTest store, long seed, AtomicLong acknowledged, AtomicBoolean over) {
    Random random = new Random(seed);
    while (!over.get()) {
      check(store, "/" + random.nextInt(20), acknowledged, seed);
    }
    return over;
  }

  private static void check(
      StoreUnderTest store, String target, AtomicLong acknowledged, long seed) {
    long before = acknowledged.get();
    for (StoredResponse found : store.find(target)) {
      long fence = Long.parseLong(found.meta().head().fields().first("ETag").orElseThrow());
      assertTrue(fence >= before, fence + " was purged by " + before + ": seed " + seed);
    }
  }
}
