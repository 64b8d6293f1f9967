package dev.perigee.control.dns;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** SipHash-2-4 with one key: short texts to 64 bits that nobody without the key foresees. */
final class SipHash {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final long k0;
  private final long k1;

  SipHash(long k0, long k1) {
    this.k0 = k0;
    this.k1 = k1;
  }

  /** From 16 bytes, as the algorithm's authors write keys. */
  static SipHash of(byte[] key) {
    return new SipHash((long) LONG.get(key, 0), (long) LONG.get(key, Long.BYTES));
  }

  /** The hash of a part of these bytes; its little-endian bytes are what others write. */
  long hash(byte[] bytes, int from, int length) {
    long v0 = k0 ^ 0x736f6d6570736575L;
    long v1 = k1 ^ 0x646f72616e646f6dL;
    long v2 = k0 ^ 0x6c7967656e657261L;
    long v3 = k1 ^ 0x7465646279746573L;
    int whole = length & -Long.BYTES;
    for (int at = 0; at <= whole; at += Long.BYTES) {
      long word = at < whole ? (long) LONG.get(bytes, from + at) : last(bytes, from, length);
      v3 ^= word;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32) + v3;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= word;
    }
    v2 ^= 0xff;
    for (int round = 0; round < 4; round++) {
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32) + v3;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  /** What is left past the last whole word, and the length on top. */
  private static long last(byte[] bytes, int from, int length) {
    long word = (long) length << 56;
    int whole = length & -Long.BYTES;
    for (int i = whole; i < length; i++) {
      word |= (bytes[from + i] & 0xffL) << (8 * (i - whole));
    }
    return word;
  }
}
