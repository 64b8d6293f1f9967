package dev.perigee.control.dns;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An immutable look-up of names in wire form and lower case. Nothing is made on looking up; whoever
 * chooses names cannot foresee where they lie in it.
 *
 * @param <V> what a name stands for
 */
final class NameTable<V> {
  private final SipHash hash;
  private final int mask;
  private final long[] hashes;
  private final byte[] @Nullable [] names;
  private final @Nullable Object[] values;

  /**
   * A table of these.
   *
   * @param entries host names, normalised, and what they stand for
   */
  NameTable(Map<String, ? extends V> entries, SipHash hash) {
    int capacity = Integer.highestOneBit(Math.max(4, 4 * entries.size() - 1));
    this.hash = hash;
    this.mask = capacity - 1;
    this.hashes = new long[capacity];
    this.names = new byte[capacity][];
    this.values = new Object[capacity];
    entries.forEach((host, value) -> put(Wire.name(host), value));
  }

  private void put(byte[] name, V value) {
    long hashed = hash.hash(name, 0, name.length);
    int at = (int) hashed & mask;
    while (names[at] != null) {
      at = (at + 1) & mask;
    }
    hashes[at] = hashed;
    names[at] = name;
    values[at] = value;
  }

  /** What the name stands for that lies here in these bytes. */
  @Nullable V find(byte[] bytes, int from, int length) {
    long hashed = hash.hash(bytes, from, length);
    for (int at = (int) hashed & mask; ; at = (at + 1) & mask) {
      byte[] name = names[at];
      if (name == null) {
        return null;
      }
      if (hashes[at] == hashed && isSame(name, bytes, from, length)) {
        @SuppressWarnings("unchecked")
        V value = (V) values[at];
        return value;
      }
    }
  }

  private static boolean isSame(byte[] name, byte[] bytes, int from, int length) {
    return java.util.Arrays.equals(name, 0, name.length, bytes, from, from + length);
  }
}
