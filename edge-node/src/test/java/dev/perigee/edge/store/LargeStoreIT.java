package dev.perigee.edge.store;

import static dev.perigee.edge.store.StoreUnderTest.key;
import static dev.perigee.edge.store.StoreUnderTest.meta;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store of a million objects: a purge of a tenth of them by tag, a restart, a crash. Counts are
 * asserted; times are printed, for machines differ. Many fewer objects unless {@code -Pfull}.
 */
class LargeStoreIT {
  private static final int OBJECTS = Boolean.getBoolean("perigee.full") ? 1_000_000 : 20_000;
  private static final int TAGGED = OBJECTS / 10;
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.ofEpochMilli(1_800_000_000_000L));

  @TempDir Path folder;

  private StoreConfig config() {
    long capacity = Math.max(64L << 20, OBJECTS * 6200L);
    return new StoreConfig(
        folder, capacity, 1L << 20, 16L << 20, 64L << 20, OBJECTS + OBJECTS / 4, 4);
  }

  @Test
  void aMillionObjectsArePurgedByTagAndComeBackAfterARestart() throws Exception {
    StoreUnderTest store = StoreUnderTest.open(config(), CLOCK);
    long began = System.nanoTime();
    fill(store);
    say("stored %d in %d ms", OBJECTS, began);
    StoreStatistics full = store.store.statistics();
    assertEquals(OBJECTS, full.objects());
    assertTrue(
        full.indexBytes() <= 64L * OBJECTS + (1 << 20),
        full.indexBytes() / OBJECTS + " bytes of heap an object");
    System.out.println(
        "LargeStoreIT: heap of the index, bytes each: " + full.indexBytes() / OBJECTS);

    began = System.nanoTime();
    store.purge(1, new PurgeScope.Tag("tenth"), false);
    say("purge of %d by tag acknowledged in %d ms", TAGGED, began);
    for (int i = 0; i < OBJECTS; i += 997) {
      assertEquals(i % 10 != 0, store.has("/" + i), "/" + i);
    }
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> store.store.statistics().objects() == OBJECTS - TAGGED);
    say("and %d cleared away after %d ms", TAGGED, began);

    began = System.nanoTime();
    store.close();
    say("closed with %d in %d ms", OBJECTS - TAGGED, began);
    began = System.nanoTime();
    StoreUnderTest again = StoreUnderTest.open(config(), CLOCK);
    int found = 0;
    for (int i = 0; i < OBJECTS; i += 997) {
      found += again.has("/" + i) ? 1 : 0;
    }
    say("open again, %d looked up, after %d ms", found, began);
    assertEquals(OBJECTS - TAGGED, again.store.statistics().objects());
    again.close();
  }

  private static void say(String what, int count, long began) {
    long millis = (System.nanoTime() - began) / 1_000_000;
    System.out.println("LargeStoreIT: " + what.formatted(count, millis));
  }

  private static void fill(StoreUnderTest store) throws IOException, InterruptedException {
    byte[] body = StoreUnderTest.body("x", 1000);
    Semaphore under = new Semaphore(2000);
    AtomicInteger kept = new AtomicInteger();
    for (int i = 0; i < OBJECTS; i++) {
      Set<String> tags = i % 10 == 0 ? Set.of("tenth", "t" + i % 1000) : Set.of("t" + i % 1000);
      StoredMeta meta =
          meta(
              key("/" + i),
              Map.of(),
              tags,
              0,
              "Content-Type",
              "text/html",
              "Cache-Control",
              "max-age=3600",
              "ETag",
              "\"" + i + "\"");
      under.acquire();
      ResponseWriter writer = store.store.begin(meta, OptionalLong.of(body.length));
      writer.write(ByteBuffer.wrap(body), refused -> {});
      writer.complete(
          stored -> {
            kept.addAndGet(stored instanceof Stored.Kept ? 1 : 0);
            under.release();
          });
    }
    under.acquire(2000);
    assertEquals(OBJECTS, kept.get());
  }
}
