package dev.perigee.edge.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.RandomDataInput;
import net.openhft.chronicle.bytes.RandomDataOutput;
import net.openhft.chronicle.hash.Data;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import net.openhft.chronicle.map.ExternalMapQueryContext;
import net.openhft.chronicle.map.MapEntry;
import org.jspecify.annotations.Nullable;

/**
 * Chunks in a Chronicle map whose file never grows: the keys are the chunk numbers, so there can
 * never be more entries than it was made for. A chunk holds one large block or sixteen small ones;
 * a small one is written in its place. Each block carries the object and index it was written for
 * and a checksum (CRC-32C) of its bytes: a block that was reused since, or that a power cut tore,
 * is told from the one that was meant.
 *
 * <p>Called on store threads only: a look-up may fault a page in, and waits for its segment's lock.
 */
final class BlockFile implements Blocks {
  private static final int HEADER = 20;

  /** A small block with its header. */
  private static final int PART = HEADER + StoreConfig.SMALL;

  private static final int VALUE = Chunks.PARTS * PART;

  private final ChronicleMap<Integer, byte[]> map;

  private BlockFile(ChronicleMap<Integer, byte[]> map) {
    this.map = map;
  }

  /**
   * Opens or makes the file.
   *
   * @param clean whether it was closed in order; if not it is scanned and mended
   */
  static BlockFile open(Path file, int chunks, boolean clean) throws IOException {
    ChronicleMapBuilder<Integer, byte[]> builder =
        ChronicleMapBuilder.of(Integer.class, byte[].class)
            .name(file.getFileName().toString())
            // One segment: spread over several, one of them could fill before the others, and each
            // would be made with room to spare.
            .actualSegments(1)
            .entriesPerSegment(chunks)
            .entries(chunks)
            .constantValueSizeBySample(new byte[VALUE])
            // Each block has its own, and small ones are written without their entry knowing.
            .checksumEntries(false)
            .allowSegmentTiering(false);
    ChronicleMap<Integer, byte[]> map =
        clean
            ? builder.createPersistedTo(file.toFile())
            : builder.recoverPersistedTo(file.toFile(), true);
    return new BlockFile(map);
  }

  @Override
  public void writeLarge(int chunk, long object, int index, byte[] bytes, int length) {
    ByteBuffer value = ByteBuffer.allocate(VALUE);
    put(value, object, index, bytes, length);
    map.put(chunk, value.array());
  }

  @Override
  public void writeSmall(int block, long object, int index, byte[] bytes, int length) {
    ByteBuffer part = ByteBuffer.allocate(HEADER + length);
    put(part, object, index, bytes, length);
    if (!writeInPlace(block, part.array())) {
      byte[] value = new byte[VALUE];
      System.arraycopy(part.array(), 0, value, block % Chunks.PARTS * PART, HEADER + length);
      map.put(block / Chunks.PARTS, value);
    }
  }

  /** False where the chunk was never written. */
  private boolean writeInPlace(int block, byte[] part) {
    try (ExternalMapQueryContext<Integer, byte[], ?> context =
        map.queryContext(block / Chunks.PARTS)) {
      context.updateLock().lock();
      MapEntry<Integer, byte[]> entry = context.entry();
      if (entry == null) {
        return false;
      }
      context.writeLock().lock();
      Data<byte[]> value = entry.value();
      long at = value.offset() + (long) (block % Chunks.PARTS) * PART;
      ((RandomDataOutput<?>) value.bytes()).write(at, part, 0, part.length);
      return true;
    }
  }

  private static void put(ByteBuffer to, long object, int index, byte[] bytes, int length) {
    to.putLong(object).putInt(index).putInt(length).putInt(sum(bytes, 0, length));
    to.put(bytes, 0, length);
  }

  @Override
  public byte @Nullable [] readLarge(int chunk, long object, int index) {
    return chunk < 0 ? null : read(chunk, 0, StoreConfig.LARGE, object, index);
  }

  @Override
  public byte @Nullable [] readSmall(int block, long object, int index) {
    int at = block % Chunks.PARTS * PART;
    return block < 0 ? null : read(block / Chunks.PARTS, at, StoreConfig.SMALL, object, index);
  }

  private byte @Nullable [] read(int chunk, int at, int most, long object, int index) {
    try (ExternalMapQueryContext<Integer, byte[], ?> context = map.queryContext(chunk)) {
      context.readLock().lock();
      MapEntry<Integer, byte[]> entry = context.entry();
      if (entry == null) {
        return null;
      }
      RandomDataInput value = entry.value().bytes();
      long from = entry.value().offset() + at;
      int length = Integer.reverseBytes(value.readInt(from + 12));
      boolean meant =
          Long.reverseBytes(value.readLong(from)) == object
              && Integer.reverseBytes(value.readInt(from + 8)) == index;
      if (!meant || length < 0 || length > most) {
        return null;
      }
      byte[] bytes = new byte[length];
      value.read(from + HEADER, bytes, 0, length);
      boolean whole = Integer.reverseBytes(value.readInt(from + 16)) == sum(bytes, 0, length);
      return whole ? bytes : null;
    }
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
