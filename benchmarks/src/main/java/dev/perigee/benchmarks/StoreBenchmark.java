package dev.perigee.benchmarks;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.store.ChronicleResponseStore;
import dev.perigee.edge.store.StoreConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What the store costs: a look-up in memory, one on the disk, one in vain, and keeping 1 KiB. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class StoreBenchmark {
  private static final int OBJECTS = 20_000;

  private final byte[] body = new byte[1024];
  private Path folder = Path.of("");
  private ChronicleResponseStore hot = unopened();
  private ChronicleResponseStore cold = unopened();
  private int next;

  /** Before the set-up there is none; the fields are never null afterwards. */
  @SuppressWarnings("NullAway")
  private static ChronicleResponseStore unopened() {
    return null;
  }

  /** One store with a memory tier and one without. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    folder = Files.createTempDirectory("perigee-store-benchmark");
    hot = open("hot", 256L << 20);
    cold = open("cold", 0);
    for (int i = 0; i < OBJECTS; i++) {
      keep(hot, i);
      keep(cold, i);
    }
  }

  private ChronicleResponseStore open(String name, long memory) throws Exception {
    StoreConfig config = StoreConfig.of(folder.resolve(name), 512L << 20, memory);
    ChronicleResponseStore store = ChronicleResponseStore.open(config, InstantSource.system());
    if (!store.awaitOpen(Duration.ofSeconds(30))) {
      throw new IllegalStateException("the store does not open");
    }
    return store;
  }

  /** Removes the files. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    hot.close();
    cold.close();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static CacheKey key(int number) {
    return CacheKey.of("shop", "www.shop.example", "/assets/images/" + number + ".webp");
  }

  private Stored keep(ChronicleResponseStore store, int number) {
    ResponseHead head =
        new ResponseHead(
            200,
            FieldList.of(
                "Content-Type", "image/webp",
                "Cache-Control", "max-age=3600",
                "ETag", "\"" + number + "\"",
                "Date", "Tue, 24 Nov 2026 10:00:00 GMT"));
    StoredMeta meta =
        new StoredMeta(
            key(number),
            head,
            List.of(),
            Map.of(),
            Set.of("images"),
            1_800_000_000_000L,
            1_800_000_000_000L,
            0,
            0,
            OptionalLong.empty());
    ResponseWriter writer = store.begin(meta, OptionalLong.of(body.length));
    writer.write(ByteBuffer.wrap(body), refused -> {});
    CompletableFuture<Stored> done = new CompletableFuture<>();
    writer.complete(done::complete);
    return done.join();
  }

  private List<StoredResponse> find(ChronicleResponseStore store, CacheKey key) {
    CompletableFuture<List<StoredResponse>> found = new CompletableFuture<>();
    store.find(key, Runnable::run, found::complete);
    return found.join();
  }

  /** What is in the memory tier. */
  @Benchmark
  public List<StoredResponse> findInMemory() {
    return find(hot, key(++next % 1000));
  }

  /** What is on the disk, its pages in memory; by way of a store thread. */
  @Benchmark
  public List<StoredResponse> findOnDisk() {
    return find(cold, key(++next % OBJECTS));
  }

  /** What is not there. */
  @Benchmark
  public List<StoredResponse> findNothing() {
    return find(hot, key(OBJECTS + ++next));
  }

  /** One response of 1 KiB, from the first call until it can be found. */
  @Benchmark
  public Stored keepOne() {
    return keep(hot, ++next);
  }
}
