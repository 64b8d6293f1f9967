package dev.perigee.local.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A file of any length whose bytes follow from their place alone (SplitMix64 of the word's number),
 * so that it is made while it is sent and anybody can check any part of it.
 *
 * @param length bytes
 */
public record LargeFile(long length) {
  /** Bytes of {@code /large.bin}. */
  public static final long DEMO_LENGTH = 64L * 1024 * 1024;

  private static final int BLOCK = 64 * 1024;

  /** Changes when the contents do. */
  public String etag() {
    return "\"splitmix64-" + length + "\"";
  }

  /** Writes the bytes {@code from} to {@code to}, both inclusive. */
  public void write(OutputStream out, long from, long to) throws IOException {
    long position = from;
    while (position <= to) {
      long blockStart = position - position % BLOCK;
      byte[] block = block(blockStart);
      int offset = (int) (position - blockStart);
      int count = (int) Math.min(BLOCK - offset, to - position + 1);
      out.write(block, offset, count);
      position += count;
    }
  }

  /** The byte at a place. */
  public byte at(long position) {
    ByteBuffer word = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    word.putLong(0, mix(position / Long.BYTES));
    return word.get((int) (position % Long.BYTES));
  }

  private static byte[] block(long start) {
    ByteBuffer words = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    for (long word = start / Long.BYTES; words.hasRemaining(); word++) {
      words.putLong(mix(word));
    }
    return words.array();
  }

  private static long mix(long word) {
    long z = (word + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
