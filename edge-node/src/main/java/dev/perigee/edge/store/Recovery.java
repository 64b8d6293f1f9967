package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.request.CacheKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a shard knows again at start: from its index where it was closed in order, else from every
 * record.
 *
 * <p>After a crash two records may name the same block, for one was removed and its removal never
 * reached the disk: the block was given to the newer one. And there may be two of one variant: the
 * newer has taken the place of the other.
 */
final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private Recovery() {}

  /** What has to be known of a record until all of them have been read. */
  @SuppressWarnings("ArrayRecordComponent") // of this class alone
  private record Candidate(
      long id,
      long hash,
      long variant,
      int url,
      long tags,
      int site,
      int units,
      int[] large,
      int[] small,
      int[] recordBlocks) {}

  /** Opens a shard with everything that is whole; purges are still to be swept. */
  static Shard open(StoreContext context, Path directory, Executor writes) throws IOException {
    Disk disk = context.disks().open(context.config().in(directory));
    Shard shard = filled(context, directory, disk, writes);
    disk.expectLookUps();
    return shard;
  }

  private static Shard filled(StoreContext context, Path directory, Disk disk, Executor writes)
      throws IOException {
    Shard shard = new Shard(context, disk, writes);
    if (disk.wasClean() && Files.exists(disk.indexFile())) {
      try {
        IndexFile.read(disk.indexFile(), shard);
        Files.delete(disk.indexFile());
        return shard;
      } catch (IOException e) {
        LOG.warn("the index in {} is read anew from the records", directory, e);
        shard = new Shard(context, disk, writes);
      }
    }
    Files.deleteIfExists(disk.indexFile());
    fromRecords(shard);
    return shard;
  }

  private static void fromRecords(Shard shard) {
    List<Candidate> candidates = new ArrayList<>();
    List<Long> dropped = new ArrayList<>();
    long floor = shard.context.marks().storedFloor();
    shard.disk.forEach(
        found -> {
          if (found.object().meta().bodyFence() < floor) {
            dropped.add(found.object().id());
          } else {
            candidates.add(candidate(shard.context, found));
          }
        });
    candidates.sort(Comparator.comparingLong(Candidate::id).reversed());
    Set<Long> variants = new HashSet<>();
    List<Candidate> kept = new ArrayList<>();
    for (Candidate one : candidates) {
      if (variants.add(one.variant) && claim(shard, one)) {
        kept.add(one);
      } else {
        dropped.add(one.id);
      }
    }
    dropped.forEach(shard.disk::remove);
    for (Candidate one : kept.reversed()) {
      Pool pool = one.large.length > 0 ? shard.room.large : shard.room.small;
      pool.add(one.hash, one.id, one.url, one.tags, one.site, one.units);
    }
    shard.room.allNamed();
  }

  private static Candidate candidate(StoreContext context, Disk.Found found) {
    ObjectRecord object = found.object();
    StoredMeta meta = object.meta();
    CacheKey key = meta.key();
    ObjectHash hash = context.hash();
    String variant = meta.varyNames() + " " + new TreeMap<>(meta.varyValues());
    return new Candidate(
        object.id(),
        hash.of(key),
        hash.of(key, variant),
        hash.url(key.host(), key.target()),
        hash.tags(meta.tags()),
        context.sites().of(key.site()),
        object.units(),
        object.large(),
        object.small(),
        found.recordBlocks());
  }

  private static boolean claim(Shard shard, Candidate one) {
    Chunks chunks = shard.room.chunks;
    int[] large =
        IntStream.concat(IntStream.of(one.large), IntStream.of(one.recordBlocks)).toArray();
    if (!chunks.claimLarge(large)) {
      return false;
    }
    if (!chunks.claimSmall(one.small)) {
      IntStream.of(large).forEach(chunks::giveLarge);
      return false;
    }
    return true;
  }
}
