package dev.perigee.edge.store;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;

/**
 * A store of many objects: what they cost of the heap, and how soon they are hit again after an
 * orderly end and after a crash. Each step is a process of its own, with the heap of a node:
 *
 * <pre>{@code
 * java -Xmx2g … dev.perigee.edge.store.ScaleStudy fill|crash|open FOLDER OBJECTS BODIES CAPACITY
 * }</pre>
 *
 * <p>{@code fill} ends in order, {@code crash} with no order at all, {@code open} opens what is
 * there. Every object has a head; the first {@code BODIES} of them have a body of 1000 bytes, for a
 * body takes 4 KiB of disk and a head 1.4.
 */
@NullMarked
final class ScaleStudy {
  private static final int BODY = 1000;
  private static final int UNDER_WAY = 2000;
  private static final int SAMPLED = 997;
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final int objects;
  private final int bodies;
  private final StoreConfig config;

  private ScaleStudy(Path folder, int objects, int bodies, long capacity) {
    this.objects = objects;
    this.bodies = bodies;
    int shards = StoreConfig.of(folder, capacity, 0).shards();
    this.config =
        new StoreConfig(
            folder, capacity, 1L << 20, 16L << 20, 64L << 20, objects + objects / 100, shards);
  }

  public static void main(String[] args) throws Exception {
    ScaleStudy study =
        new ScaleStudy(
            Path.of(args[1]),
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]),
            Long.parseLong(args[4]));
    switch (args[0]) {
      case "fill" -> study.fill(true);
      case "crash" -> study.fill(false);
      case "open" -> study.open();
      default -> throw new IllegalArgumentException("fill, crash or open, not " + args[0]);
    }
  }

  private void fill(boolean inOrder) throws IOException, InterruptedException {
    long began = System.nanoTime();
    ChronicleResponseStore store = ChronicleResponseStore.open(config, InstantSource.system());
    store.awaitOpen(PATIENCE);
    say("files of " + config.shards() + " shards made", began);
    long before = heap();
    began = System.nanoTime();
    Semaphore under = new Semaphore(UNDER_WAY);
    AtomicInteger kept = new AtomicInteger();
    for (int i = 0; i < objects; i++) {
      under.acquire();
      keep(store, i, under, kept);
    }
    under.acquire(UNDER_WAY);
    say("stored " + kept, began);
    long after = heap();
    StoreStatistics now = store.statistics();
    System.out.printf(
        "%d objects, %d evictions; heap of the index %.1f bytes each, all the heap has grown by"
            + " %.1f bytes each; %d MiB live of %d%n",
        now.objects(),
        now.evictions(),
        (double) now.indexBytes() / now.objects(),
        (double) (after - before) / now.objects(),
        after >> 20,
        Runtime.getRuntime().maxMemory() >> 20);
    if (!inOrder) {
      System.out.flush();
      Runtime.getRuntime().halt(137);
    }
    began = System.nanoTime();
    store.close();
    say("ended in order", began);
  }

  private void keep(ChronicleResponseStore store, int number, Semaphore under, AtomicInteger kept) {
    byte[] body = new byte[number < bodies ? BODY : 0];
    ResponseWriter writer = store.begin(meta(number), OptionalLong.of(body.length));
    if (body.length > 0) {
      writer.write(ByteBuffer.wrap(body), refused -> {});
    }
    writer.complete(
        stored -> {
          kept.addAndGet(stored instanceof Stored.Kept ? 1 : 0);
          under.release();
        });
  }

  private void open() throws IOException, InterruptedException {
    long began = System.nanoTime();
    ChronicleResponseStore store = ChronicleResponseStore.open(config, InstantSource.system());
    say("opened; " + store.statistics().openShards() + " shards are there", began);
    int first = look(store, 1000);
    say("the first 1000 look-ups answered, " + first + " found", began);
    store.awaitOpen(PATIENCE);
    say("all " + store.statistics().openShards() + " shards open", began);
    int found = look(store, objects);
    say("looked up " + (objects + SAMPLED - 1) / SAMPLED + ", " + found + " found", began);
    System.out.printf("%d objects, %d MiB live%n", store.statistics().objects(), heap() >> 20);
    store.close();
  }

  private static int look(ChronicleResponseStore store, int end) {
    int found = 0;
    int step = end <= SAMPLED * 2 ? 1 : SAMPLED;
    for (int i = 0; i < end; i += step) {
      CompletableFuture<List<StoredResponse>> answer = new CompletableFuture<>();
      store.find(key(i), Runnable::run, answer::complete);
      found += answer.join().size();
    }
    return found;
  }

  private static CacheKey key(int number) {
    return CacheKey.of("shop", "www.shop.example", "/assets/images/" + number + ".webp");
  }

  private static StoredMeta meta(int number) {
    FieldList fields =
        FieldList.of(
            "Content-Type", "image/webp",
            "Cache-Control", "max-age=3600",
            "ETag", "\"" + number + "\"",
            "Date", "Tue, 24 Nov 2026 10:00:00 GMT");
    long then = 1_800_000_000_000L;
    return new StoredMeta(
        key(number),
        new ResponseHead(200, fields),
        List.of(),
        Map.of(),
        Set.of("images"),
        then,
        then,
        0,
        0,
        OptionalLong.empty());
  }

  /** What lives on the heap. */
  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void say(String what, long began) {
    System.out.printf("%s: %.2f s%n", what, (System.nanoTime() - began) / 1e9);
    System.out.flush();
  }
}
