package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which objects a batch of purges and invalidations may cover, by what the index knows of them: it
 * says yes too often, never no too often. The records decide.
 */
final class SweepFilter {
  /** More tags than this at once, and a site's objects are all looked at. */
  private static final int MAX_TAGS = 64;

  private final boolean everything;
  private final Map<String, SiteFilter> sites = new HashMap<>();

  private SweepFilter(boolean everything) {
    this.everything = everything;
  }

  /**
   * The filter for all of them.
   *
   * @param everything whether nothing can be told from the index
   */
  static SweepFilter of(
      ObjectHash hash,
      Collection<Purge> purges,
      Collection<Invalidations.Url> invalidated,
      boolean everything) {
    boolean all = everything || purges.stream().anyMatch(purge -> purge.site().isEmpty());
    SweepFilter filter = new SweepFilter(all);
    for (Purge purge : purges) {
      purge.site().ifPresent(site -> filter.site(site).add(hash, purge.scope()));
    }
    for (Invalidations.Url url : invalidated) {
      filter.site(url.site()).add(hash, url);
    }
    return filter;
  }

  private SiteFilter site(String site) {
    return sites.computeIfAbsent(site, s -> new SiteFilter());
  }

  boolean isEmpty() {
    return !everything && sites.isEmpty();
  }

  /** What is to be asked of this site's objects; empty when none can be covered. */
  Optional<SiteFilter> of(String site) {
    return everything ? Optional.of(SiteFilter.ALL) : Optional.ofNullable(sites.get(site));
  }

  /** The part that concerns one site. */
  static final class SiteFilter {
    private static final SiteFilter ALL = new SiteFilter();

    static {
      ALL.all = true;
    }

    private final Set<Integer> urls = new HashSet<>();
    private boolean all;
    private long[] tags = {};

    private void add(ObjectHash hash, PurgeScope scope) {
      switch (scope) {
        case PurgeScope.Url(String host, String target) -> urls.add(hash.url(host, target));
        case PurgeScope.Tag(String tag) -> addTag(hash.tags(Set.of(tag)));
        case PurgeScope.Prefix prefix -> all = true;
        case PurgeScope.Host host -> all = true;
        case PurgeScope.Everything everything -> all = true;
      }
    }

    private void add(ObjectHash hash, Invalidations.Url url) {
      if (url.isWholeSite()) {
        all = true;
      } else {
        urls.add(hash.url(url.host(), url.target()));
      }
    }

    private void addTag(long bits) {
      if (tags.length >= MAX_TAGS) {
        all = true;
        return;
      }
      tags = Arrays.copyOf(tags, tags.length + 1);
      tags[tags.length - 1] = bits;
    }

    /** Whether an object with this URL and these tags may be covered. */
    boolean mayCover(int url, long tagBits) {
      if (all || urls.contains(url)) {
        return true;
      }
      for (long wanted : tags) {
        if ((tagBits & wanted) == wanted) {
          return true;
        }
      }
      return false;
    }
  }
}
