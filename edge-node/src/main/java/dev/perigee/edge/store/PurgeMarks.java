package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.PurgePosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The newest purge of each scope: answers which purge was the last to cover a key, without looking
 * at all of them. Serves fetches in flight, and what is stored until the sweeper has been. Guarded
 * by its own lock.
 *
 * <p>It counts in stamps: a purge's number with the generation of the change log above it, so that
 * all of another log is later than all of the one before, whatever its numbers.
 */
final class PurgeMarks {
  /** Purges remembered one by one. */
  private static final int MAX_MARKS = 100_000;

  private static final int NUMBER_BITS = 40;

  private final Map<String, SiteMarks> sites = new HashMap<>();
  private long everywhere;
  private long everywhereSoft;
  private volatile long last;
  private long floor;
  private volatile long storedFloor;
  private volatile long forgotten;
  private volatile Log log = new Log(0, "");
  private int marks;

  /** Which log the numbers of a generation count in. */
  private record Log(long generation, String id) {}

  /** The stamp of a purge's number in a generation of the log. */
  static long stamp(long generation, long number) {
    return generation << NUMBER_BITS | number;
  }

  /** The purge's number in its log. */
  static long number(long stamp) {
    return stamp & (1L << NUMBER_BITS) - 1;
  }

  /**
   * As the journal says at start.
   *
   * @param base purges up to this number are not in the journal: nothing they cover is stored
   * @param storedFloor stamp before which nothing that was fetched counts
   */
  synchronized void begin(long generation, String logId, long base, long storedFloor) {
    this.log = new Log(generation, logId);
    this.last = stamp(generation, base);
    this.floor = last;
    this.storedFloor = storedFloor;
  }

  /** Another log, or a gap in this one: what was fetched before {@code number} is purged. */
  synchronized void adopt(long newGeneration, String logId, long number) {
    log = new Log(newGeneration, logId);
    last = Math.max(last, stamp(newGeneration, number));
    storedFloor = last;
    forget();
  }

  /** The meta with a soft purge noted, where that came after it was last fetched or validated. */
  static StoredMeta softened(StoredMeta meta, long softPurge) {
    if (softPurge <= meta.freshFence() || softPurge <= meta.softPurgedBy().orElse(0)) {
      return meta;
    }
    return meta.softPurged(softPurge);
  }

  synchronized void add(Purge purge) {
    long stamp = stamp(log.generation, purge.number());
    last = Math.max(last, stamp);
    if (purge.site().isEmpty()) {
      everywhere = purge.soft() ? everywhere : stamp;
      everywhereSoft = purge.soft() ? stamp : everywhereSoft;
      return;
    }
    marks++;
    sites.computeIfAbsent(purge.site().get(), s -> new SiteMarks()).add(purge, stamp);
  }

  /** Stamp of the last purge in force. */
  long last() {
    return last;
  }

  /** Which log the numbers count in, ascending. */
  long generation() {
    return log.generation;
  }

  /** Which purges are in force now, as others count them; nothing while a log is being adopted. */
  PurgePosition position() {
    return position(last);
  }

  /** Which purge a stamp stands for; none where that is of another log by now. */
  PurgePosition position(long stamp) {
    Log now = log;
    return stamp >>> NUMBER_BITS == now.generation
        ? new PurgePosition(now.id, number(stamp))
        : PurgePosition.NONE;
  }

  /** Stamp before which nothing that was fetched counts. */
  long storedFloor() {
    return storedFloor;
  }

  /** Purges up to this stamp are no longer told one by one. */
  long forgotten() {
    return forgotten;
  }

  /** Whether so many are remembered one by one that they should be forgotten. */
  synchronized boolean isFull() {
    return marks > MAX_MARKS;
  }

  /**
   * Forgets them, once nothing that they cover is stored: whoever began to fetch before counts as
   * purged.
   */
  synchronized void forget() {
    sites.clear();
    marks = 0;
    floor = last;
    forgotten = last;
  }

  /** The last hard purge that covers a response which was fetched meanwhile. */
  synchronized long hard(CacheKey key, Collection<String> tags) {
    return Math.max(floor, marked(key, tags));
  }

  /** The last hard purge that is remembered and covers a stored response. */
  synchronized long marked(CacheKey key, Collection<String> tags) {
    SiteMarks site = sites.get(key.site());
    long own = site == null ? 0 : site.newest(false, key, Optional.of(tags));
    return Math.max(storedFloor, Math.max(everywhere, own));
  }

  /** The last soft purge that covers the response. */
  synchronized long soft(CacheKey key, Collection<String> tags) {
    SiteMarks site = sites.get(key.site());
    long own = site == null ? 0 : site.newest(true, key, Optional.of(tags));
    return Math.max(everywhereSoft, own);
  }

  /** The last purge of either kind that covers the key; unknown tags count as any tag. */
  synchronized long any(CacheKey key, Optional<? extends Collection<String>> tags) {
    SiteMarks site = sites.get(key.site());
    long own =
        site == null ? 0 : Math.max(site.newest(false, key, tags), site.newest(true, key, tags));
    return Math.max(Math.max(floor, own), Math.max(everywhere, everywhereSoft));
  }

  /** The purges of one site, hard and soft apart, by scope. */
  private static final class SiteMarks {
    private final List<Map<PurgeScope, Long>> exact = List.of(new HashMap<>(), new HashMap<>());
    private final List<Map<Optional<String>, PrefixMarks>> prefixes =
        List.of(new HashMap<>(), new HashMap<>());
    private final long[] anyTag = new long[2];

    void add(Purge purge, long stamp) {
      int kind = purge.soft() ? 1 : 0;
      switch (purge.scope()) {
        case PurgeScope.Prefix(Optional<String> host, String path) ->
            prefixes.get(kind).computeIfAbsent(host, h -> new PrefixMarks()).put(path, stamp);
        case PurgeScope.Tag tag -> {
          anyTag[kind] = stamp;
          exact.get(kind).put(tag, stamp);
        }
        case PurgeScope.Url url -> exact.get(kind).put(url, stamp);
        case PurgeScope.Host host -> exact.get(kind).put(host, stamp);
        case PurgeScope.Everything everything -> exact.get(kind).put(everything, stamp);
      }
    }

    long newest(boolean soft, CacheKey key, Optional<? extends Collection<String>> tags) {
      int kind = soft ? 1 : 0;
      Map<PurgeScope, Long> known = exact.get(kind);
      List<PurgeScope> scopes = new ArrayList<>();
      scopes.add(new PurgeScope.Everything());
      scopes.add(new PurgeScope.Host(key.host()));
      scopes.add(new PurgeScope.Url(key.host(), key.target()));
      tags.ifPresent(all -> all.forEach(tag -> scopes.add(new PurgeScope.Tag(tag))));
      long newest = tags.isPresent() ? 0 : anyTag[kind];
      for (PurgeScope scope : scopes) {
        newest = Math.max(newest, known.getOrDefault(scope, 0L));
      }
      for (Optional<String> host : List.of(Optional.of(key.host()), Optional.<String>empty())) {
        PrefixMarks paths = prefixes.get(kind).get(host);
        newest = paths == null ? newest : Math.max(newest, paths.newest(key.target()));
      }
      return newest;
    }
  }
}
