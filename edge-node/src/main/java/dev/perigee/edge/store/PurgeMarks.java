package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.request.CacheKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The newest purge of each scope: answers which purge was the last to cover a key, without looking
 * at all of them. Serves fetches in flight, the replay at start, and what is stored until the
 * sweeper has been. Guarded by its own lock.
 */
final class PurgeMarks {
  /** Purges remembered one by one. */
  private static final int MAX_MARKS = 100_000;

  private final Map<String, SiteMarks> sites = new HashMap<>();
  private long everywhere;
  private long everywhereSoft;
  private volatile long last;
  private long floor;
  private int marks;

  /** Numbering goes on behind {@code number}: what was purged up to there is gone from the disk. */
  synchronized void startAfter(long number) {
    last = Math.max(last, number);
  }

  /** Another log, or a gap in this one: everything before {@code number} is purged. */
  synchronized void adopt(long number, boolean otherLog) {
    if (otherLog) {
      sites.clear();
      marks = 0;
      everywhere = 0;
      everywhereSoft = 0;
      floor = number;
      last = number;
    } else {
      floor = Math.max(floor, number);
      last = Math.max(last, number);
    }
  }

  /** The meta with a soft purge noted, where that came after it was last fetched or validated. */
  static StoredMeta softened(StoredMeta meta, long softPurge) {
    if (softPurge <= meta.freshFence() || softPurge <= meta.softPurgedBy().orElse(0)) {
      return meta;
    }
    return new StoredMeta(
        meta.key(),
        meta.head(),
        meta.varyNames(),
        meta.varyValues(),
        meta.tags(),
        meta.requestMillis(),
        meta.responseMillis(),
        meta.bodyFence(),
        meta.freshFence(),
        OptionalLong.of(softPurge));
  }

  synchronized void add(Purge purge) {
    last = Math.max(last, purge.number());
    if (purge.site().isEmpty()) {
      everywhere = purge.soft() ? everywhere : purge.number();
      everywhereSoft = purge.soft() ? purge.number() : everywhereSoft;
      return;
    }
    marks++;
    sites.computeIfAbsent(purge.site().get(), s -> new SiteMarks()).add(purge);
  }

  long last() {
    return last;
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
  }

  /** The last hard purge that covers a response which was fetched meanwhile. */
  synchronized long hard(CacheKey key, Collection<String> tags) {
    return Math.max(floor, marked(key, tags));
  }

  /** The last hard purge that is remembered and covers a response. */
  synchronized long marked(CacheKey key, Collection<String> tags) {
    SiteMarks site = sites.get(key.site());
    long own = site == null ? 0 : site.newest(false, key, Optional.of(tags));
    return Math.max(everywhere, own);
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

    void add(Purge purge) {
      int kind = purge.soft() ? 1 : 0;
      switch (purge.scope()) {
        case PurgeScope.Prefix(Optional<String> host, String path) ->
            prefixes
                .get(kind)
                .computeIfAbsent(host, h -> new PrefixMarks())
                .put(path, purge.number());
        case PurgeScope.Tag tag -> {
          anyTag[kind] = purge.number();
          exact.get(kind).put(tag, purge.number());
        }
        case PurgeScope.Url url -> exact.get(kind).put(url, purge.number());
        case PurgeScope.Host host -> exact.get(kind).put(host, purge.number());
        case PurgeScope.Everything everything -> exact.get(kind).put(everything, purge.number());
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
