package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.edge.table.HashTrie;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store on Chronicle maps.
 *
 * <p>It is divided into shards by the hash of the key. Bodies lie in blocks of two sizes, each in a
 * file that is as large as it will ever be: whole 64 KiB blocks, and up to twelve 4 KiB blocks for
 * a small body or a tail. One record for each whole object says what it is and where its blocks
 * are; it is written last, so that after a crash an object is either whole or not there. Each block
 * names the object it was written for and has a checksum.
 *
 * <p>The heap holds an index of a few words for each object; what is asked for often is kept there
 * with meta and body and answered at once. Chronicle is touched only on the store's own threads.
 * Shards open in the background: what belongs to one that is not open yet is answered by the origin
 * and not stored.
 *
 * <p>Purges go to the journal and to disk before anything else; then marks put them in force, for
 * what is stored and for fetches that began earlier, and a sweeper removes what they cover.
 */
public final class ChronicleResponseStore implements ResponseStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChronicleResponseStore.class);

  final AtomicReferenceArray<@Nullable Shard> shards;
  final StoreContext context;
  private final StoreConfig config;
  final StorePurges purges;
  private final PurgeMarks marks;
  private final StoreShares shares;
  private final AtomicLong nextId;
  private final CountDownLatch unopened;
  private volatile boolean closing;
  private @Nullable StoreFolder folder;
  private Optional<String> problem = Optional.empty();

  /**
   * A store of which nothing is open.
   *
   * @param seed of the hashes of keys
   * @param firstId below all that objects will have
   */
  ChronicleResponseStore(StoreConfig config, long seed, long firstId, StoreParts parts) {
    this.config = config;
    this.marks = new PurgeMarks();
    this.nextId = new AtomicLong(firstId);
    this.shards = new AtomicReferenceArray<>(config.shards());
    this.unopened = new CountDownLatch(config.shards());
    this.context =
        new StoreContext(
            config.ofShard(),
            new ObjectHash(seed),
            marks,
            new Invalidations(),
            new MemoryTier(config.memoryBytes()),
            parts.threads(),
            new SiteNumbers(),
            new StoreCounters(),
            parts.disks());
    this.shares = new StoreShares(context.sites());
    this.purges = new StorePurges(context, shards, shares, parts.sweeps());
  }

  /** Opens the store; its shards follow in the background. */
  public static ChronicleResponseStore open(StoreConfig config, InstantSource clock)
      throws IOException {
    return open(config, clock, StoreParts.usual());
  }

  static ChronicleResponseStore open(StoreConfig config, InstantSource clock, StoreParts parts)
      throws IOException {
    StoreFolder folder = StoreFolder.open(config);
    try {
      long firstId = folder.firstId(clock.millis());
      ChronicleResponseStore store =
          new ChronicleResponseStore(config, folder.seed(), firstId, parts);
      store.folder = folder;
      List<Purge> held = new ArrayList<>();
      store.purges.open(PurgeJournal.open(folder.journal(), held, folder::forget), held);
      Thread.ofPlatform().daemon().name("store-open").start(() -> store.openAll(folder));
      return store;
    } catch (IOException | RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /**
   * The same, but where the disk refuses, a store that keeps nothing: the origins answer for
   * everything. What lies in the folder is given up, for purges that come now are not noted there.
   *
   * @throws FolderInUseException where another process has the folder
   * @throws IOException where what lies there can neither be opened nor given up
   */
  public static ChronicleResponseStore openOrWithout(StoreConfig config, InstantSource clock)
      throws IOException {
    try {
      return open(config, clock);
    } catch (FolderInUseException e) {
      throw e;
    } catch (IOException | RuntimeException | InternalError e) {
      LOG.error(
          "no cache: nothing is stored until the next start, the origins answer for everything: {}",
          e.toString());
      StoreFolder.giveUp(config.directory());
      return without(config, clock, String.valueOf(e.getMessage()));
    }
  }

  private static ChronicleResponseStore without(
      StoreConfig config, InstantSource clock, String why) {
    ChronicleResponseStore store =
        new ChronicleResponseStore(config, clock.millis(), 1, StoreParts.usual());
    store.problem = Optional.of(why);
    store.context.counters().faults.increment();
    store.purges.open(new UnwrittenJournal(), List.of());
    for (int number = 0; number < config.shards(); number++) {
      store.unopened.countDown();
    }
    store.purges.allOpen();
    return store;
  }

  /** Why nothing is stored at all; empty where something is. */
  public Optional<String> problem() {
    return problem;
  }

  private void openAll(StoreFolder from) {
    for (int number = 0; number < config.shards() && !closing; number++) {
      try {
        open(from, number);
      } catch (IOException | RuntimeException | InternalError e) {
        if (!closing) {
          LOG.error("part {} of the cache cannot be opened; the origin answers for it", number, e);
          context.counters().faults.increment();
        }
      }
      unopened.countDown();
    }
    purges.allOpen();
    StoreStatistics now = statistics();
    LOG.info(
        "cache open: {} objects, {} bytes, {} of {} shards, purges applied through {}",
        now.objects(),
        now.bytes(),
        now.openShards(),
        now.shards(),
        lastPurge());
  }

  private void open(StoreFolder from, int number) throws IOException {
    Executor writes = context.threads().writesOf(number);
    Shard shard = Recovery.open(context, from.shard(number), writes);
    try {
      purges.add(number, shard);
    } catch (IOException e) {
      shard.disk.closeMaps();
      throw e;
    }
  }

  /** Waits a while for the shards; whether all were tried. */
  public boolean awaitOpen(Duration patience) throws InterruptedException {
    return unopened.await(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  private Optional<Shard> shard(long hash) {
    int number = (int) Long.remainderUnsigned(hash >>> 32, config.shards());
    return Optional.ofNullable(shards.get(number));
  }

  @Override
  public void find(CacheKey key, Executor thread, Consumer<List<StoredResponse>> found) {
    // Asked in this order: what is found after the sweep is what the sweep left.
    long through = marks.last();
    boolean swept = purges.sweptThrough() >= through && context.invalidations().isEmpty();
    long hash = context.hash().of(key);
    Optional<Shard> shard = shard(hash);
    if (shard.isEmpty()) {
      found.accept(List.of());
      return;
    }
    shard.get().find(key, hash, thread, read -> found.accept(valid(read, swept, through)));
  }

  /** What no purge up to {@code through} covers, with soft purges noted. */
  private List<StoredResponse> valid(List<StoredObject> objects, boolean swept, long through) {
    if (objects.size() == 1 && swept && objects.getFirst().isThere()) {
      return List.of(objects.getFirst());
    }
    List<StoredObject> valid = new ArrayList<>(objects.size());
    for (StoredObject object : objects) {
      if (swept || (object.checkedThrough >= through && context.invalidations().isEmpty())) {
        valid.add(object);
        continue;
      }
      Optional<StoredMeta> meta = context.valid(object.record);
      if (meta.isEmpty()) {
        object.shard.remove(object);
      } else if (marks.forgotten() <= through) {
        // Else it was read before a sweep whose purges are not told one by one any more.
        valid.add(softened(object, meta.get(), through));
      }
    }
    // Asked last: a sweep that ends meanwhile takes objects away first and forgets why after.
    valid.removeIf(object -> !object.isThere());
    return List.copyOf(valid);
  }

  private static StoredObject softened(StoredObject object, StoredMeta meta, long through) {
    if (meta != object.meta()) {
      return object.withMeta(meta);
    }
    object.checkedThrough = through;
    return object;
  }

  @Override
  public long fence() {
    return marks.last();
  }

  @Override
  public PurgePosition position() {
    return marks.position();
  }

  @Override
  public PurgePosition position(long fence) {
    return marks.position(fence);
  }

  @Override
  public boolean purgedSince(
      long fence, CacheKey key, Optional<? extends Collection<String>> tags) {
    return marks.last() > fence && marks.any(key, tags) > fence;
  }

  @Override
  public ResponseWriter begin(StoredMeta meta, OptionalLong length) {
    Optional<Shard> shard = shard(context.hash().of(meta.key()));
    Optional<StoreReason> refused = Optional.empty();
    if (length.orElse(0) > config.maxObjectBytes()) {
      refused = Optional.of(StoreReason.TOO_LARGE);
    } else if (context.counters().queuedBytes.get() > config.queueBytes()) {
      refused = Optional.of(StoreReason.BUSY);
    } else if (shard.isEmpty()) {
      refused = Optional.of(unopened.getCount() > 0 ? StoreReason.OPENING : StoreReason.BROKEN);
    }
    if (refused.isPresent() || shard.isEmpty()) {
      StoreReason reason = refused.orElse(StoreReason.BROKEN);
      context.counters().refused(reason);
      return new RefusedWriter(reason);
    }
    return new ObjectWriter(shard.get(), nextId.incrementAndGet(), meta, length);
  }

  @Override
  public Stored refresh(StoredResponse stored, StoredMeta meta) {
    if (!(stored instanceof StoredObject object)) {
      throw new IllegalArgumentException("not a response of this store");
    }
    return object.shard.refresh(object, meta);
  }

  @Override
  public void invalidate(CacheKey key) {
    context.invalidations().add(key, nextId.get());
    purges.ask();
  }

  /**
   * Puts purges in force: on disk first, then by their marks; the sweeper clears away behind.
   * Blocks for the disk; called by one thread at a time, in order of number.
   *
   * @return number of the last purge in force
   */
  public long applyPurges(List<Purge> batch) throws IOException {
    return purges.apply(batch);
  }

  /**
   * Begins to count in another log, or after a gap in this one: everything fetched before {@code
   * purgedThrough} is gone, everything at all when the log is another.
   */
  public void adopt(String logId, long purgedThrough) throws IOException {
    purges.adopt(logId, purgedThrough);
  }

  /** Number of the last purge in force. */
  public long lastPurge() {
    return PurgeMarks.number(marks.last());
  }

  /** Which change log purges count in; empty before the first. */
  public String logId() {
    return purges.logId();
  }

  /**
   * Puts the shares and caps of all sites in force; costs what is not as it was.
   *
   * @param sites by id
   */
  public void limit(HashTrie<SiteConfig> sites) {
    shares.set(sites, this::openShards);
  }

  private List<Shard> openShards() {
    List<Shard> open = new ArrayList<>();
    for (int number = 0; number < config.shards(); number++) {
      Optional.ofNullable(shards.get(number)).ifPresent(open::add);
    }
    return open;
  }

  /** How it fares. */
  public StoreStatistics statistics() {
    int open = 0;
    int objects = 0;
    long bytes = 0;
    long indexBytes = 0;
    for (Shard shard : openShards()) {
      open++;
      synchronized (shard.lock) {
        for (Pool pool : shard.room.pools()) {
          objects += pool.slots.size();
          bytes += pool.bytes();
          indexBytes += pool.heapBytes();
        }
      }
    }
    StoreCounters counters = context.counters();
    return new StoreStatistics(
        objects,
        bytes,
        config.capacityBytes(),
        counters.queuedBytes.get(),
        indexBytes,
        open,
        config.shards(),
        counters.evictions.sum(),
        counters.broken.sum(),
        counters.faults.sum(),
        lastPurge(),
        counters.refusals());
  }

  /** Clears away now what purges cover, and waits for it. */
  void sweep() throws IOException {
    purges.sweep();
  }

  /** Writes what is queued and closes the files in order; at most a few seconds. */
  @Override
  public void close() throws IOException {
    closing = true;
    try {
      purges.close();
      boolean done = context.threads().end();
      if (!awaitOpen(Duration.ofSeconds(1))) {
        LOG.info("closed before all of the cache was open");
      }
      if (done) {
        for (Shard shard : openShards()) {
          close(shard);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      StoreFolder held = folder;
      if (held != null) {
        held.close();
      }
    }
  }

  /** What cannot be written for want of room is read anew at the next start. */
  private static void close(Shard shard) {
    try {
      if (!shard.room.isLeaky()) {
        writeIndex(shard);
      }
      shard.disk.close();
    } catch (IOException | RuntimeException | InternalError e) {
      shard.room.fault("a part of the cache is not closed in order", e);
      LOG.warn("a part of the cache could not be closed in order: {}", e.toString());
    }
  }

  private static void writeIndex(Shard shard) throws IOException {
    try {
      IndexFile.write(shard.disk.indexFile(), shard);
    } catch (IOException e) {
      shard.room.fault("the index is not written", e);
      Files.deleteIfExists(shard.disk.indexFile());
    }
  }
}
