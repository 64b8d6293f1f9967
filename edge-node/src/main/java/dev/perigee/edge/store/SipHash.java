package dev.perigee.edge.store;

/**
 * One run of SipHash-1-3 (Aumasson and Bernstein, 2012) over texts and numbers: a hash whose
 * collisions nobody can look for who does not know the key. Each text is hashed with its length, so
 * that the border between two of them counts.
 */
final class SipHash {
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  SipHash(long key0, long key1) {
    v0 = key0 ^ 0x736f6d6570736575L;
    v1 = key1 ^ 0x646f72616e646f6dL;
    v2 = key0 ^ 0x6c7967656e657261L;
    v3 = key1 ^ 0x7465646279746573L;
  }

  SipHash add(String text) {
    int length = text.length();
    int at = 0;
    for (; at + 4 <= length; at += 4) {
      word(
          text.charAt(at)
              | (long) text.charAt(at + 1) << 16
              | (long) text.charAt(at + 2) << 32
              | (long) text.charAt(at + 3) << 48);
    }
    // The rest has at most three characters: their number and the text's length fit beside them.
    long rest = (long) length << 48;
    for (int shift = 0; at < length; at++, shift += 16) {
      rest |= (long) text.charAt(at) << shift;
    }
    word(rest);
    return this;
  }

  SipHash add(long number) {
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
  long end() {
    v2 ^= 0xff;
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
