package dev.perigee.edge.collapse;

import dev.perigee.edge.request.CacheKey;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Keys whose responses turned out to be for one reader only, so that the next do not wait for each
 * other in vain. Half a MiB of fingerprints, two places for each; what is pushed out or taken for
 * another costs a wait, or a fetch that could have been shared for a minute.
 */
public final class UncacheableTable {
  private static final int PLACES = 1 << 16;
  private static final long SECONDS = 60;

  /** Of a place: the lower bits are the second until which it is remembered. */
  private static final int TIME_BITS = 32;

  private final AtomicLongArray places = new AtomicLongArray(PLACES);

  /** The response was for one reader only. */
  public void remember(CacheKey key, long nowMillis) {
    long hash = hash(key);
    long until = nowMillis / 1000 + SECONDS;
    int first = place(hash);
    int second = first ^ 1;
    boolean useSecond =
        !isOf(places.get(first), hash) && time(places.get(first)) > time(places.get(second));
    places.set(useSecond ? second : first, (hash & ~mask()) | (until & mask()));
  }

  /** The response could be shared after all. */
  public void forget(CacheKey key) {
    long hash = hash(key);
    for (int at : new int[] {place(hash), place(hash) ^ 1}) {
      long now = places.get(at);
      if (isOf(now, hash)) {
        places.compareAndSet(at, now, 0);
      }
    }
  }

  /** Whether nobody should wait for another's response. */
  public boolean remembers(CacheKey key, long nowMillis) {
    long hash = hash(key);
    int first = place(hash);
    return isNow(places.get(first), hash, nowMillis)
        || isNow(places.get(first ^ 1), hash, nowMillis);
  }

  private static boolean isNow(long place, long hash, long nowMillis) {
    long left = time(place) - nowMillis / 1000;
    // A clock that went back must not make it last.
    return isOf(place, hash) && left > 0 && left <= SECONDS;
  }

  private static boolean isOf(long place, long hash) {
    return ((place ^ hash) & ~mask()) == 0;
  }

  private static long time(long place) {
    return place & mask();
  }

  private static long mask() {
    return (1L << TIME_BITS) - 1;
  }

  private static int place(long hash) {
    return (int) (hash & (PLACES - 1));
  }

  /** FNV-1a of 64 bits, spread once more; that keys can be made to meet harms their owner only. */
  private static long hash(CacheKey key) {
    long hash = 0xcbf29ce484222325L;
    for (String part : new String[] {key.site(), key.host(), key.target(), key.extra()}) {
      for (int i = 0; i < part.length(); i++) {
        hash = (hash ^ part.charAt(i)) * 0x100000001b3L;
      }
      hash = (hash ^ 0xff) * 0x100000001b3L;
    }
    hash ^= key.slice() * 31L + key.port().orElse(0) + key.scheme().hashCode();
    return (hash * 0x9e3779b97f4a7c15L) ^ (hash >>> 29);
  }
}
