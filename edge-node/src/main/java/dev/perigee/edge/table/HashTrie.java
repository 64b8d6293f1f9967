package dev.perigee.edge.table;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map by text. A changed one shares all with the one it was made of but a few arrays:
 * a change costs the same in a map of ten and of a million. Any thread may read it.
 *
 * <p>It is a hash array mapped trie (Bagwell, Ideal Hash Trees, 2001). The first array has a slot
 * for each value of the hash's lowest ten bits, the next one for each of six more, all further ones
 * for four each. A slot is empty, holds one entry, or the array that tells two or more entries
 * apart; texts with one hash, which an owner can make as many of as he may register, end in a
 * sorted {@link Bucket}. The first arrays are wide so that a look-up reads memory about as often as
 * one in {@code java.util.HashMap}: the first one stays in the processor's cache. No slot holds an
 * array where an entry would do, so the shape tells nothing of the order in which entries came and
 * went, and two maps of one origin are compared by looking only where their arrays are not the
 * same.
 */
public final class HashTrie<V> extends AbstractMap<String, V> {
  private static final int FIRST_BITS = 10;
  private static final int SECOND_BITS = 6;
  private static final int FURTHER_BITS = 4;
  private static final HashTrie<Object> EMPTY =
      new HashTrie<>(new @Nullable Object[1 << FIRST_BITS], 0);

  private final @Nullable Object[] root;
  private final int size;

  private HashTrie(@Nullable Object[] root, int size) {
    this.root = root;
    this.size = size;
  }

  /** Is told what is not the same in two maps. */
  public interface Change<V> {
    /**
     * One key.
     *
     * @param before null where the key is new
     * @param after null where the key is gone
     */
    void changed(String key, @Nullable V before, @Nullable V after);
  }

  /** A map of nothing. */
  @SuppressWarnings("unchecked") // holds no value
  public static <V> HashTrie<V> empty() {
    return (HashTrie<V>) EMPTY;
  }

  /** A map of the same entries; the map itself where it is one already. */
  @SuppressWarnings("unchecked") // nobody can put another type of value in
  public static <V> HashTrie<V> copyOf(Map<String, ? extends V> map) {
    return map instanceof HashTrie<?> trie ? (HashTrie<V>) trie : HashTrie.<V>empty().withAll(map);
  }

  /** A map of these values, each by its own key; the last of those with one key. */
  public static <V> HashTrie<V> of(
      Collection<? extends V> values, Function<? super V, String> key) {
    Building<V> building = new Building<>();
    values.forEach(value -> building.put(key.apply(value), value));
    return building.done();
  }

  private static int hash(String key) {
    int hash = key.hashCode() * 0x9e3779b1;
    return hash ^ hash >>> 15;
  }

  private static int bits(int shift) {
    return shift == 0 ? FIRST_BITS : shift == FIRST_BITS ? SECOND_BITS : FURTHER_BITS;
  }

  private static int slot(int hash, int shift) {
    return hash >>> shift & (1 << bits(shift)) - 1;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public @Nullable V get(@Nullable Object key) {
    return key instanceof String text ? find(text) : null;
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return get(key) != null;
  }

  /** The value of this key; null where there is none. Makes no object. */
  public @Nullable V find(String key) {
    int hash = hash(key);
    return find(root[hash & (1 << FIRST_BITS) - 1], FIRST_BITS, hash, key);
  }

  /**
   * The same from a slot on.
   *
   * @param shift of the array that may stand in the slot
   */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // entries are made of V alone
  private static <V> @Nullable V find(@Nullable Object from, int shift, int hash, String key) {
    Object slot = from;
    int below = shift;
    while (slot instanceof Object[] array) {
      slot = array[slot(hash, below)];
      below += bits(below);
    }
    if (slot instanceof Leaf<?> entry) {
      return entry.is(hash, key) ? (V) entry.value : null;
    }
    return slot instanceof Bucket bucket ? (V) bucket.find(key) : null;
  }

  /** A map with this value for this key; the same map where it is so already. */
  public HashTrie<V> with(String key, V value) {
    Objects.requireNonNull(value);
    V known = find(key);
    if (known != null && known.equals(value)) {
      return this;
    }
    Leaf<V> entry = new Leaf<>(hash(key), key, value);
    return new HashTrie<>(put(root, 0, entry, true), known == null ? size + 1 : size);
  }

  /** A map with all of these besides. */
  public HashTrie<V> withAll(Map<String, ? extends V> more) {
    if (isEmpty()) {
      Building<V> building = new Building<>();
      more.forEach(building::put);
      return building.done();
    }
    HashTrie<V> all = this;
    for (Map.Entry<String, ? extends V> one : more.entrySet()) {
      all = all.with(one.getKey(), one.getValue());
    }
    return all;
  }

  /** A map without this key; the same map where there is none. */
  public HashTrie<V> without(String key) {
    if (find(key) == null) {
      return this;
    }
    return size == 1 ? empty() : new HashTrie<>(cut(root, 0, hash(key), key), size - 1);
  }

  /** A map without these keys. */
  public HashTrie<V> withoutAll(Collection<String> keys) {
    HashTrie<V> rest = this;
    for (String key : keys) {
      rest = rest.without(key);
    }
    return rest;
  }

  /**
   * Entries that come into a map that nobody else has seen yet: its arrays are changed in place.
   */
  private static final class Building<V> {
    private final @Nullable Object[] root = new @Nullable Object[1 << FIRST_BITS];
    private int size;

    void put(String key, V value) {
      int hash = hash(key);
      size += HashTrie.<V>find(root, 0, hash, key) == null ? 1 : 0;
      HashTrie.put(root, 0, new Leaf<>(hash, key, Objects.requireNonNull(value)), false);
    }

    HashTrie<V> done() {
      return size == 0 ? empty() : new HashTrie<>(root, size);
    }
  }

  private static @Nullable Object[] put(
      @Nullable Object[] array, int shift, Leaf<?> entry, boolean copying) {
    @Nullable Object[] next = copying ? array.clone() : array;
    int at = slot(entry.hash, shift);
    int below = shift + bits(shift);
    Object old = array[at];
    if (old instanceof Leaf<?> other) {
      next[at] = other.is(entry.hash, entry.key) ? entry : apart(other, entry, below);
    } else if (old instanceof Bucket bucket) {
      next[at] = bucket.with(entry);
    } else if (old instanceof Object[] child) {
      next[at] = put(child, below, entry, copying);
    } else {
      next[at] = entry;
    }
    return next;
  }

  /** What tells two entries apart. */
  private static Object apart(Leaf<?> one, Leaf<?> other, int shift) {
    if (one.hash == other.hash) {
      return chain(Bucket.of(one, other), shift);
    }
    @Nullable Object[] array = new @Nullable Object[1 << bits(shift)];
    int at = slot(one.hash, shift);
    int otherAt = slot(other.hash, shift);
    if (at == otherAt) {
      array[at] = apart(one, other, shift + bits(shift));
    } else {
      array[at] = one;
      array[otherAt] = other;
    }
    return array;
  }

  /** A bucket stands below all arrays, so that none ever has to be pushed further down. */
  private static Object chain(Bucket bucket, int shift) {
    if (shift >= Integer.SIZE) {
      return bucket;
    }
    @Nullable Object[] array = new @Nullable Object[1 << bits(shift)];
    array[slot(bucket.hash(), shift)] = chain(bucket, shift + bits(shift));
    return array;
  }

  private static @Nullable Object[] cut(@Nullable Object[] array, int shift, int hash, String key) {
    @Nullable Object[] next = array.clone();
    int at = slot(hash, shift);
    Object old = array[at];
    if (old instanceof Object[] child) {
      @Nullable Object[] rest = cut(child, shift + bits(shift), hash, key);
      Leaf<?> only = only(rest);
      next[at] = only == null ? rest : only;
    } else {
      next[at] = old instanceof Bucket bucket ? bucket.without(key) : null;
    }
    return next;
  }

  /** The entry that an array holds besides nothing; null where it holds more. */
  private static @Nullable Leaf<?> only(@Nullable Object[] array) {
    Leaf<?> only = null;
    for (Object slot : array) {
      if (slot == null) {
        continue;
      }
      if (only != null || !(slot instanceof Leaf<?> entry)) {
        return null;
      }
      only = entry;
    }
    return only;
  }

  /**
   * Tells what is not as it was. What both maps share is not looked at, so that between a map and
   * one made of it by a few changes this costs no more than they did.
   */
  public void changesSince(HashTrie<V> before, Change<? super V> change) {
    compare(before.root, root, 0, change);
  }

  @SuppressWarnings("ReferenceEquality") // the same array, or entry, and not one like it
  private static <V> void compare(
      @Nullable Object before, @Nullable Object after, int shift, Change<? super V> change) {
    if (before == after) {
      return;
    }
    if (before instanceof Object[] old && after instanceof Object[] fresh) {
      for (int at = 0; at < fresh.length; at++) {
        HashTrie.<V>compare(old[at], fresh[at], shift + bits(shift), change);
      }
      return;
    }
    HashTrie.<V>each(
        before,
        old -> {
          V now = find(after, shift, old.hash, old.key);
          if (now == null || !now.equals(old.value)) {
            change.changed(old.key, old.value, now);
          }
        });
    HashTrie.<V>each(
        after,
        fresh -> {
          if (HashTrie.<V>find(before, shift, fresh.hash, fresh.key) == null) {
            change.changed(fresh.key, null, fresh.value);
          }
        });
  }

  /** Takes entries. */
  private interface Taker<V> {
    void take(Leaf<V> entry);
  }

  @SuppressWarnings("unchecked") // entries are made of values alone
  private static <V> void each(@Nullable Object slot, Taker<V> taker) {
    if (slot instanceof Leaf<?> entry) {
      taker.take((Leaf<V>) entry);
    } else if (slot instanceof Bucket bucket) {
      bucket.entries().forEach(entry -> taker.take((Leaf<V>) entry));
    } else if (slot instanceof Object[] array) {
      for (Object one : array) {
        each(one, taker);
      }
    }
  }

  /** Of two tries looks only at what they do not share, until it finds a difference. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HashTrie<?> trie
        ? size == trie.size && isSame(root, trie.root)
        : super.equals(other);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }

  @SuppressWarnings("ReferenceEquality") // the same array, or entry, and not one like it
  private static boolean isSame(@Nullable Object one, @Nullable Object other) {
    if (one == other) {
      return true;
    }
    if (one instanceof Object[] array && other instanceof Object[] otherArray) {
      for (int at = 0; at < array.length; at++) {
        if (!isSame(array[at], otherArray[at])) {
          return false;
        }
      }
      return true;
    }
    return (one instanceof Bucket bucket && other instanceof Bucket otherBucket)
        ? bucket.entries().equals(otherBucket.entries())
        : Objects.equals(one, other);
  }

  @Override
  public Set<Map.Entry<String, V>> entrySet() {
    return new Entries();
  }

  private final class Entries extends AbstractSet<Map.Entry<String, V>> {
    @Override
    public int size() {
      return size;
    }

    @Override
    public Iterator<Map.Entry<String, V>> iterator() {
      return new Walk<>(root);
    }
  }
}
