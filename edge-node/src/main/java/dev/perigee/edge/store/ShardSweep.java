package dev.perigee.edge.store;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Goes once through the index of a shard and does to each object that may be covered what the
 * purges ask for. Holds the lock for a few thousand slots at a time, and hands the write thread a
 * few objects at a time, so that neither hits nor fills wait long.
 */
final class ShardSweep {
  /** Slots looked at in one go. */
  private static final int SLOTS = 4096;

  /** Objects settled in one go. */
  private static final int BATCH = 64;

  private static final long PATIENCE_SECONDS = 60;

  private final Shard shard;
  private final SweepFilter filter;
  private final Map<Integer, Optional<SweepFilter.SiteFilter>> sites = new HashMap<>();

  ShardSweep(Shard shard, SweepFilter filter) {
    this.shard = shard;
    this.filter = filter;
  }

  /** Sweeps; blocks. */
  void run() throws IOException {
    // Whoever stored or refreshed something before it knew of these purges has handed it to the
    // write thread once this lock was held.
    synchronized (shard.lock) {
      if (filter.isEmpty()) {
        return;
      }
    }
    for (Pool pool : shard.room.pools()) {
      int from = 0;
      while (from >= 0) {
        from = sweep(pool, from);
      }
    }
  }

  /** Some slots from {@code from} on; where to go on, or -1 at the end. */
  private int sweep(Pool pool, int from) throws IOException {
    int[] slots = new int[SLOTS];
    long[] ids = new long[SLOTS];
    int count = 0;
    int end;
    synchronized (shard.lock) {
      end = Math.min(pool.slots.end(), from + SLOTS);
      for (int slot = from; slot < end; slot++) {
        if (pool.slots.isTaken(slot) && mayCover(pool, slot)) {
          slots[count] = slot;
          ids[count++] = pool.slots.id(slot);
        }
      }
      end = end == pool.slots.end() ? -1 : end;
    }
    for (int first = 0; first < count; first += BATCH) {
      settle(pool, slots, ids, first, Math.min(count, first + BATCH));
    }
    return end;
  }

  private boolean mayCover(Pool pool, int slot) {
    int site = pool.queues.site(slot);
    Optional<SweepFilter.SiteFilter> asked =
        sites.computeIfAbsent(site, number -> filter.of(shard.context.sites().name(number)));
    return asked.isPresent() && asked.get().mayCover(pool.slots.url(slot), pool.slots.tags(slot));
  }

  private void settle(Pool pool, int[] slots, long[] ids, int first, int end) throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    try {
      shard
          .writes()
          .execute(
              () -> {
                for (int i = first; i < end; i++) {
                  shard.settle(pool, slots[i], ids[i]);
                }
                done.countDown();
              });
      if (!done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("clearing away what purges cover does not come to an end");
      }
    } catch (RejectedExecutionException e) {
      throw new IOException("the store is closing", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
