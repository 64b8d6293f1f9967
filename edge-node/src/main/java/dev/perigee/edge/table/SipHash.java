package dev.perigee.edge.table;

/**
 * One run of SipHash-1-3 (Aumasson and Bernstein, 2012) over texts and numbers: a hash whose
 * collisions nobody can look for who does not know the key. Each text is hashed with its length, so
 * that the border between two of them counts.
 */
public final class SipHash {
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  /** Begins a run with a key. */
  public SipHash(long key0, long key1) {
    v0 = key0 ^ 0x736f6d6570736575L;
    v1 = key1 ^ 0x646f72616e646f6dL;
    v2 = key0 ^ 0x6c7967656e657261L;
    v3 = key1 ^ 0x7465646279746573L;
  }

  /**
   * A run over a number and a part of a text, without an object whatever the compiler does.
   *
   * @return what {@code new SipHash(key0, key1).add(number).add(text, from, to).end()} gives
   */
  public static long of(long key0, long key1, long number, String text, int from, int to) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    int words = (to - from) / 4;
    // The number, the words of the text, its rest, and three rounds over nothing.
    for (int i = -1; i < words + 4; i++) {
      long m = 0;
      if (i < 0) {
        m = number;
      } else if (i <= words) {
        m = i < words ? four(text, from + 4 * i) : rest(text, from + 4 * i, to, to - from);
      } else if (i == words + 1) {
        v2 ^= 0xff;
      }
      v3 ^= m;
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
      v0 ^= m;
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  private static long four(String text, int at) {
    return text.charAt(at)
        | (long) text.charAt(at + 1) << 16
        | (long) text.charAt(at + 2) << 32
        | (long) text.charAt(at + 3) << 48;
  }

  /** The rest has at most three characters: their number and the text's length fit beside them. */
  private static long rest(String text, int from, int to, int length) {
    long rest = (long) length << 48;
    for (int at = from, shift = 0; at < to; at++, shift += 16) {
      rest |= (long) text.charAt(at) << shift;
    }
    return rest;
  }

  /** Goes on with a text. */
  public SipHash add(String text) {
    return add(text, 0, text.length());
  }

  /** Goes on with a part of a text, as with a text of its own. */
  public SipHash add(String text, int from, int to) {
    int at = from;
    for (; at + 4 <= to; at += 4) {
      word(four(text, at));
    }
    word(rest(text, at, to, to - from));
    return this;
  }

  /** Goes on with a number. */
  public SipHash add(long number) {
    word(number);
    return this;
  }

  private void word(long m) {
    v3 ^= m;
    round();
    v0 ^= m;
  }

  private void round() {
    v0 += v1;
    v1 = Long.rotateLeft(v1, 13) ^ v0;
    v0 = Long.rotateLeft(v0, 32);
    v2 += v3;
    v3 = Long.rotateLeft(v3, 16) ^ v2;
    v0 += v3;
    v3 = Long.rotateLeft(v3, 21) ^ v0;
    v2 += v1;
    v1 = Long.rotateLeft(v1, 17) ^ v2;
    v2 = Long.rotateLeft(v2, 32);
  }

  /** The hash; ends the run. */
  public long end() {
    v2 ^= 0xff;
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
