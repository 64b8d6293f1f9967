package dev.perigee.edge.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of one size in a Chronicle map whose file never grows: the keys are the block numbers, so
 * there can never be more entries than it was made for. Each block carries the object and index it
 * was written for and a checksum (CRC-32C) of its bytes: a block that was reused since, or that a
 * power cut tore, is told from the one that was meant.
 *
 * <p>Called on store threads only: a look-up may fault a page in, and waits for its segment's lock.
 */
final class BlockFile implements AutoCloseable {
  private static final int HEADER = 20;

  private final ChronicleMap<Integer, byte[]> map;
  private final int blockBytes;

  private BlockFile(ChronicleMap<Integer, byte[]> map, int blockBytes) {
    this.map = map;
    this.blockBytes = blockBytes;
  }

  /**
   * Opens or makes the file.
   *
   * @param clean whether it was closed in order; if not it is scanned and mended
   */
  static BlockFile open(Path file, int blocks, int blockBytes, boolean clean) throws IOException {
    ChronicleMapBuilder<Integer, byte[]> builder =
        ChronicleMapBuilder.of(Integer.class, byte[].class)
            .name(file.getFileName().toString())
            // One segment: spread over several, one of them could fill before the others, and each
            // would be made with room to spare.
            .actualSegments(1)
            .entriesPerSegment(blocks)
            .entries(blocks)
            .constantValueSizeBySample(new byte[HEADER + blockBytes])
            .allowSegmentTiering(false);
    ChronicleMap<Integer, byte[]> map =
        clean
            ? builder.createPersistedTo(file.toFile())
            : builder.recoverPersistedTo(file.toFile(), true);
    return new BlockFile(map, blockBytes);
  }

  /** Writes a block whole. */
  void write(int block, long object, int index, byte[] bytes, int length) {
    ByteBuffer value = ByteBuffer.allocate(HEADER + blockBytes);
    value.putLong(object).putInt(index).putInt(length).putInt(sum(bytes, 0, length));
    value.put(bytes, 0, length);
    map.put(block, value.array());
  }

  /** The block's bytes; null when it does not hold what is asked for, whole. */
  byte @Nullable [] read(int block, long object, int index) {
    byte[] value = map.get(block);
    if (value == null) {
      return null;
    }
    ByteBuffer header = ByteBuffer.wrap(value);
    if (header.getLong() != object || header.getInt() != index) {
      return null;
    }
    int length = header.getInt();
    if (length < 0 || length > blockBytes || header.getInt() != sum(value, HEADER, length)) {
      return null;
    }
    return Arrays.copyOfRange(value, HEADER, HEADER + length);
  }

  private static int sum(byte[] bytes, int from, int length) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, from, length);
    return (int) sum.getValue();
  }

  @Override
  public void close() {
    map.close();
  }
}
