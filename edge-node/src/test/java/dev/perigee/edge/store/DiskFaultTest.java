package dev.perigee.edge.store;

import static dev.perigee.edge.store.StoreUnderTest.body;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.AbstractMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** "Disk faults (ENOSPC, EIO) cost the store, not the traffic": every call is answered. */
class DiskFaultTest {
  private static final int TARGETS = 30;
  private static final int STEPS = 1500;
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.ofEpochMilli(1_800_000_000_000L));

  @RegisterExtension final NothingLeaks nothingLeaks = new NothingLeaks();

  @TempDir Path folder;

  /** Fails now and then, as a disk that is dying: with EIO, or a page of a map that is not had. */
  private static final class Faults {
    private final Random random;
    volatile int percent;

    Faults(Random random) {
      this.random = random;
    }

    synchronized void maybe() {
      if (random.nextInt(100) < percent) {
        if (random.nextBoolean()) {
          throw new UncheckedIOException(new IOException("Input/output error"));
        }
        throw new InternalError("a fault occurred in an unsafe memory access operation");
      }
    }
  }

  /** Blocks of a disk that fails. */
  private record FailingBlocks(Blocks real, Faults faults) implements Blocks {
    @Override
    public void writeLarge(int chunk, long object, int index, byte[] bytes, int length) {
      faults.maybe();
      real.writeLarge(chunk, object, index, bytes, length);
    }

    @Override
    public void writeSmall(int block, long object, int index, byte[] bytes, int length) {
      faults.maybe();
      real.writeSmall(block, object, index, bytes, length);
    }

    @Override
    public boolean readLarge(int chunk, long object, int index, ByteBuffer into) {
      faults.maybe();
      return real.readLarge(chunk, object, index, into);
    }

    @Override
    public boolean readSmall(int first, int count, long object, int index, ByteBuffer into) {
      faults.maybe();
      return real.readSmall(first, count, object, index, into);
    }

    @Override
    public void close() {
      real.close();
    }
  }

  /** Records of a disk that fails. */
  private static final class FailingRecords extends AbstractMap<Long, byte[]> {
    private final Map<Long, byte[]> real;
    private final Faults faults;

    FailingRecords(Map<Long, byte[]> real, Faults faults) {
      this.real = real;
      this.faults = faults;
    }

    @Override
    public byte @Nullable [] get(Object key) {
      faults.maybe();
      return real.get(key);
    }

    @Override
    public byte @Nullable [] put(Long key, byte[] value) {
      faults.maybe();
      return real.put(key, value);
    }

    @Override
    public byte @Nullable [] remove(Object key) {
      faults.maybe();
      return real.remove(key);
    }

    @Override
    public Set<Long> keySet() {
      return real.keySet();
    }

    @Override
    public Set<Entry<Long, byte[]>> entrySet() {
      return real.entrySet();
    }
  }

  private StoreUnderTest store(Faults faults) throws IOException {
    StoreConfig config = StoreUnderTest.config(folder.resolve("store"));
    Disk.Opener disks =
        shard ->
            Disk.open(shard)
                .through(
                    blocks -> new FailingBlocks(blocks, faults),
                    records -> new FailingRecords(records, faults));
    return StoreUnderTest.open(config, CLOCK, StoreParts.with(disks));
  }

  @Test
  void aDyingDiskAnswersEveryCallAndNeverWrongly() throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("DiskFaultTest seed " + seed);
    Random random = new Random(seed);
    Faults faults = new Faults(new Random(seed + 1));
    int[] purgedAt = new int[TARGETS];
    try (StoreUnderTest store = store(faults)) {
      for (int step = 1; step <= STEPS; step++) {
        faults.percent = step < STEPS / 2 ? 5 : 60;
        int number = random.nextInt(TARGETS);
        String target = "/" + number;
        if (random.nextInt(4) == 0) {
          store.purge(step, new PurgeScope.Url(StoreUnderTest.HOST, target), false);
          purgedAt[number] = step;
        } else if (random.nextBoolean()) {
          int length = random.nextInt(100_000);
          store.put(store.meta(target, "ETag", step + " " + length), body("v" + step, length));
        } else {
          check(store, target, purgedAt[number], "seed " + seed + " step " + step);
        }
      }
      faults.percent = 0;
      assertTrue(store.store.statistics().faults() > 50, "they are counted");
      store.settle();
      store.putNamed("/after", 100_000);
      assertArrayEquals(body("/after", 100_000), store.read("/after").orElseThrow());
      try (StoreUnderTest again = store.restarted()) {
        for (int number = 0; number < TARGETS; number++) {
          check(again, "/" + number, purgedAt[number], "seed " + seed + " after a restart");
        }
      }
    }
  }

  private static void check(StoreUnderTest store, String target, int purgedAt, String when) {
    var found = store.find(target);
    if (found.isEmpty()) {
      return;
    }
    String[] tag = found.getFirst().meta().head().fields().first("ETag").orElseThrow().split(" ");
    assertTrue(Integer.parseInt(tag[0]) > purgedAt, when + ": " + target + " was purged");
    Optional<byte[]> read = StoreUnderTest.read(found.getFirst());
    if (read.isPresent()) {
      assertArrayEquals(body("v" + tag[0], Integer.parseInt(tag[1])), read.get(), when);
    }
  }

  /** A disk without room for the cache, at the start. */
  @Test
  void whereNoCacheCanBeMadeTheStoreIsThereAndKeepsNothing() throws IOException {
    nothingLeaks.expectError("no cache: nothing is stored until the next start");
    StoreConfig tooLarge = StoreConfig.of(folder.resolve("store"), 4L << 40, 0);
    try (ChronicleResponseStore store = ChronicleResponseStore.openOrWithout(tooLarge, CLOCK)) {
      assertTrue(store.problem().orElse("").contains("choose a smaller cache-size"));
      assertEquals(1, store.statistics().faults());
      var meta = StoreUnderTest.meta(StoreUnderTest.key("/a"), Map.of(), Set.of(), 0);
      Stored stored = StoreUnderTest.put(store.begin(meta, OptionalLong.of(3)), new byte[3]);
      assertEquals(StoreReason.BROKEN, assertInstanceOf(Stored.Refused.class, stored).reason());
      store.adopt("log", 7);
      assertEquals(7, store.lastPurge());
      store.sweep();
    }
  }

  /** Purges that come while nothing can be stored are not in the journal of what lies there. */
  @Test
  void whatLiesInAFolderThatCannotBeOpenedIsForgotten() throws IOException {
    nothingLeaks.expectError("no cache: nothing is stored until the next start");
    Path place = folder.resolve("store");
    StoreUnderTest before = StoreUnderTest.open(place);
    before.putNamed("/a", 10);
    before.close();
    Path ids = place.resolve("ids.new");
    Files.createDirectory(ids);
    try (ChronicleResponseStore without =
        ChronicleResponseStore.openOrWithout(before.config, CLOCK)) {
      assertTrue(without.problem().isPresent());
    }
    Files.delete(ids);
    try (StoreUnderTest again = StoreUnderTest.open(place)) {
      assertFalse(again.has("/a"));
      again.putNamed("/b", 10);
    }
  }

  @Test
  void aFolderInUseIsNoFaultOfTheDisk() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      store.putNamed("/a", 10);
      assertThrows(
          FolderInUseException.class,
          () -> ChronicleResponseStore.openOrWithout(store.config, CLOCK));
      assertTrue(store.has("/a"));
    }
  }
}
