package dev.perigee.edge.store;

import dev.perigee.edge.request.CacheKey;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * URLs that an unsafe request has invalidated (RFC 9111, section 4.4), each with the newest object
 * it speaks of: in force at once, for every variant and slice, until the sweeper has cleared them
 * away. Past their limit a whole site is invalidated instead of one URL more.
 */
final class Invalidations {
  private static final int MAX_URLS = 50_000;
  private static final String WHOLE_SITE = "";

  private final ConcurrentHashMap<Url, Long> urls = new ConcurrentHashMap<>();
  private final AtomicLong overflows = new AtomicLong();

  /** One URL of a site; no host stands for all of them. */
  record Url(String site, String host, String target) {
    static Url of(CacheKey key) {
      return new Url(key.site(), key.host(), key.target());
    }

    boolean isWholeSite() {
      return host.equals(WHOLE_SITE);
    }
  }

  /** Nothing up to the object {@code id} is an answer to this URL any more. */
  void add(CacheKey key, long id) {
    Url url = Url.of(key);
    if (urls.size() >= MAX_URLS && !urls.containsKey(url)) {
      overflows.incrementAndGet();
      url = new Url(key.site(), WHOLE_SITE, WHOLE_SITE);
    }
    urls.merge(url, id, Math::max);
  }

  boolean covers(CacheKey key, long id) {
    if (urls.isEmpty()) {
      return false;
    }
    return id <= urls.getOrDefault(Url.of(key), 0L)
        || id <= urls.getOrDefault(new Url(key.site(), WHOLE_SITE, WHOLE_SITE), 0L);
  }

  /** Those there are, with the id each had when it was asked. */
  List<Map.Entry<Url, Long>> all() {
    return urls.entrySet().stream().map(e -> Map.entry(e.getKey(), e.getValue())).toList();
  }

  /** Nothing is left of these, where they have not been renewed. */
  void swept(Collection<Map.Entry<Url, Long>> done) {
    done.forEach(one -> urls.remove(one.getKey(), one.getValue()));
  }

  boolean isEmpty() {
    return urls.isEmpty();
  }

  /** How often a whole site was invalidated for want of room. */
  long overflows() {
    return overflows.get();
  }
}
