package dev.perigee.edge.table;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One entry of a {@link HashTrie}, for all maps that share it. */
final class Leaf<V> implements Map.Entry<String, V> {
  final int hash;
  final String key;
  final V value;

  Leaf(int hash, String key, V value) {
    this.hash = hash;
    this.key = key;
    this.value = value;
  }

  boolean is(int otherHash, String otherKey) {
    return hash == otherHash && key.equals(otherKey);
  }

  @Override
  public String getKey() {
    return key;
  }

  @Override
  public V getValue() {
    return value;
  }

  @Override
  public V setValue(V other) {
    throw new UnsupportedOperationException("the map is immutable");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Map.Entry<?, ?> entry
        && key.equals(entry.getKey())
        && value.equals(entry.getValue());
  }

  @Override
  public int hashCode() {
    return key.hashCode() ^ value.hashCode();
  }

  @Override
  public String toString() {
    return key + "=" + value;
  }
}
