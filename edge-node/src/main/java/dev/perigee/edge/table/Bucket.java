package dev.perigee.edge.table;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Entries of a {@link HashTrie} whose keys have one hash, sorted by key: a look-up among many of
 * them, made on purpose, takes few steps.
 */
final class Bucket {
  private final Leaf<?>[] entries;

  private Bucket(Leaf<?>[] entries) {
    this.entries = entries;
  }

  static Bucket of(Leaf<?> one, Leaf<?> other) {
    return new Bucket(new Leaf<?>[] {one}).with(other);
  }

  int hash() {
    return entries[0].hash;
  }

  List<Leaf<?>> entries() {
    return Arrays.asList(entries);
  }

  @Nullable Object find(String key) {
    int at = place(key);
    return at < 0 ? null : entries[at].value;
  }

  /** Where the key is, or the complement of where it would be. */
  private int place(String key) {
    int low = 0;
    int high = entries.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = entries[middle].key.compareTo(key);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return ~low;
  }

  Bucket with(Leaf<?> entry) {
    int at = place(entry.key);
    if (at >= 0) {
      Leaf<?>[] next = entries.clone();
      next[at] = entry;
      return new Bucket(next);
    }
    Leaf<?>[] next = Arrays.copyOf(entries, entries.length + 1);
    System.arraycopy(entries, ~at, next, ~at + 1, entries.length - ~at);
    next[~at] = entry;
    return new Bucket(next);
  }

  /** What stands in its place without one of its keys: an entry where only one is left. */
  Object without(String key) {
    int at = place(key);
    if (entries.length == 2) {
      return entries[1 - at];
    }
    Leaf<?>[] next = Arrays.copyOf(entries, entries.length - 1);
    System.arraycopy(entries, at + 1, next, at, next.length - at);
    return new Bucket(next);
  }
}
