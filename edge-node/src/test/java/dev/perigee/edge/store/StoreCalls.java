package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jspecify.annotations.Nullable;

/**
 * The store itself over a disk in memory, with its threads played by those that call: whatever is
 * written is written by one at a time and in order, as on the thread that writes.
 */
public class StoreCalls {
  private static final String TARGET = "/a";

  private final Writes writes = new Writes();
  private final ChronicleResponseStore store;

  /** For the model checker alone, which does not look into records. */
  @SuppressWarnings("UnusedVariable")
  private final Invalidations invalidations;

  @SuppressWarnings("UnusedVariable")
  private final StoreCounters counters;

  /** The fetch that is under way. */
  private Optional<ResponseWriter> writer = Optional.empty();

  private int versions;
  private long purges;

  private StoreCalls(long memoryBytes) {
    Path nowhere = Path.of("nowhere");
    StoreConfig config =
        new StoreConfig(nowhere, 8L << 20, 1L << 20, memoryBytes, 1L << 20, 100, 1);
    StoreThreads threads = new StoreThreads(new Here(), List.of(writes));
    // Nobody sweeps unless told to.
    ScheduledThreadPoolExecutor sweeps = new ScheduledThreadPoolExecutor(1);
    sweeps.shutdown();
    StoreParts parts =
        new StoreParts(shard -> MemoryDisk.empty(shard.directory()), threads, sweeps);
    store = new ChronicleResponseStore(config, 1, 1000, parts);
    invalidations = store.context.invalidations();
    counters = store.context.counters();
    store.purges.open(new UnwrittenJournal(), List.of());
    store.shards.set(0, new Shard(store.context, MemoryDisk.empty(nowhere), writes));
  }

  /** Every look-up reads the records. */
  public static final class FromDisk extends StoreCalls {
    /** Called for each run. */
    public FromDisk() {
      super(0);
    }
  }

  /** Look-ups are answered from memory where they can be. */
  public static final class FromMemory extends StoreCalls {
    /** Called for each run. */
    public FromMemory() {
      super(1 << 20);
    }
  }

  /** The version that a request is answered with; negative when it is stale, 0 for none. */
  @Operation
  public int find() {
    List<StoredResponse> found = found();
    writes.drain();
    if (found.isEmpty()) {
      return 0;
    }
    StoredMeta meta = found.getFirst().meta();
    int version = Integer.parseInt(meta.head().fields().first("ETag").orElseThrow());
    return meta.softPurgedBy().isPresent() ? -version : version;
  }

  private List<StoredResponse> found() {
    List<StoredResponse> found = new ArrayList<>();
    store.find(StoreUnderTest.key(TARGET), Runnable::run, found::addAll);
    return found;
  }

  /** A fetch begins. */
  @Operation(nonParallelGroup = "fill")
  public void begin() {
    writer.ifPresent(ResponseWriter::abort);
    String version = Integer.toString(++versions);
    StoredMeta meta =
        StoreUnderTest.meta(
            StoreUnderTest.key(TARGET), Map.of(), Set.of(), store.fence(), "ETag", version);
    writer = Optional.of(store.begin(meta, OptionalLong.of(0)));
  }

  /** It ends; whether it was kept. */
  @Operation(nonParallelGroup = "fill")
  public boolean complete() {
    if (writer.isEmpty()) {
      return false;
    }
    List<Stored> done = new ArrayList<>();
    writer.get().complete(done::add);
    writer = Optional.empty();
    writes.drain();
    return done.getFirst() instanceof Stored.Kept;
  }

  /** The last purge in force; acknowledged when this returns. */
  @Operation(nonParallelGroup = "purge")
  public long purge() throws IOException {
    return apply(false);
  }

  /** The same, soft. */
  @Operation(nonParallelGroup = "purge")
  public long purgeSoftly() throws IOException {
    return apply(true);
  }

  private long apply(boolean soft) throws IOException {
    PurgeScope scope = new PurgeScope.Url(StoreUnderTest.HOST, TARGET);
    Purge purge = new Purge(++purges, Optional.of(StoreUnderTest.SITE), scope, soft);
    return store.applyPurges(List.of(purge));
  }

  /** Clears away. */
  @Operation(nonParallelGroup = "sweep")
  public void sweep() {
    writes.whileSweeping(store.purges::sweepHere);
  }

  /** An unsafe request, where no fetch is under way: what it means to one is not settled here. */
  @Operation(nonParallelGroup = "fill")
  public void invalidate() {
    if (writer.isEmpty()) {
      store.invalidate(StoreUnderTest.key(TARGET));
    }
  }

  /**
   * What the calls answer one after the other: the rules of purge and invalidation, without a
   * store.
   */
  public static final class Rules {
    private int versions;
    private long purges;
    private long lastHard;
    private long lastSoft;
    private boolean isBegun;
    private int begunVersion;
    private long begunFence;
    private int stored;
    private long storedFence;

    /** Called for each run. */
    public Rules() {}

    /** What is stored and no hard purge covers; negative after a soft one. */
    public int find() {
      return stored != 0 && storedFence < lastSoft ? -stored : stored;
    }

    /** A fetch begins, and notes the last purge. */
    public void begin() {
      isBegun = true;
      begunVersion = ++versions;
      begunFence = purges;
    }

    /** Kept where no hard purge came meanwhile. */
    public boolean complete() {
      boolean kept = isBegun && lastHard <= begunFence;
      isBegun = false;
      if (kept) {
        stored = begunVersion;
        storedFence = begunFence;
      }
      return kept;
    }

    /** Nothing stored is left. */
    public long purge() {
      lastHard = ++purges;
      stored = 0;
      return purges;
    }

    /** What is stored is stale. */
    public long purgeSoftly() {
      lastSoft = ++purges;
      return purges;
    }

    /** Changes no answer. */
    public void sweep() {}

    /** Nothing stored is left. */
    public void invalidate() {
      stored = isBegun ? stored : 0;
    }
  }

  /** Does at once what it is given. */
  private static class Here extends AbstractExecutorService {
    @Override
    public void execute(Runnable work) {
      work.run();
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long time, TimeUnit unit) {
      return true;
    }
  }

  /** What is to be written, in order; done by whoever comes to {@link #drain}, one at a time. */
  private static final class Writes extends Here {
    private final Object turn = new Object();
    private final Queue<Runnable> queue = new ArrayDeque<>();
    private volatile @Nullable Thread sweeper;
    private volatile @Nullable Thread writer;

    @Override
    public void execute(Runnable work) {
      synchronized (queue) {
        queue.add(work);
      }
      if (sweeper == Thread.currentThread() && writer != Thread.currentThread()) {
        drain();
      }
    }

    void drain() {
      synchronized (turn) {
        writer = Thread.currentThread();
        for (Runnable next = next(); next != null; next = next()) {
          next.run();
        }
        writer = null;
      }
    }

    private @Nullable Runnable next() {
      synchronized (queue) {
        return queue.poll();
      }
    }

    /** Whoever sweeps waits for what it hands to the thread that writes. */
    void whileSweeping(Runnable sweep) {
      sweeper = Thread.currentThread();
      sweep.run();
      sweeper = null;
    }
  }
}
