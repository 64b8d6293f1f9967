package dev.perigee.edge.store;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.table.SipHash;
import java.util.Collection;

/**
 * Hashes of keys, URLs and tags, from a seed of the store's own: nobody outside can choose names
 * that meet.
 */
final class ObjectHash {
  private final long seed;

  ObjectHash(long seed) {
    this.seed = seed;
  }

  private SipHash begin() {
    return new SipHash(seed, ~seed);
  }

  /** Of the whole key. */
  long of(CacheKey key) {
    return keyed(key).end();
  }

  /** Of a key with what tells one of its variants from the others. */
  long of(CacheKey key, String variant) {
    return keyed(key).add(variant).end();
  }

  private SipHash keyed(CacheKey key) {
    SipHash hash = begin().add(key.site()).add(key.host()).add(key.target());
    hash.add(key.scheme().orElse("")).add(key.port().orElse(-1));
    return hash.add(key.extra()).add(key.slice());
  }

  /** Of host and target: the same for all that a purge by URL covers. */
  int url(String host, String target) {
    return (int) begin().add(host).add(target).end();
  }

  /** The bits of a Bloom filter that these tags set, two for each tag. */
  long tags(Collection<String> tags) {
    long bits = 0;
    for (String tag : tags) {
      long hash = begin().add(tag).end();
      bits |= 1L << (hash & 63) | 1L << (hash >>> 6 & 63);
    }
    return bits;
  }
}
