package dev.perigee.edge.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.RandomDataInput;
import net.openhft.chronicle.hash.impl.VanillaChronicleHash;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import net.openhft.chronicle.map.ExternalMapQueryContext;
import net.openhft.chronicle.map.MapEntry;

/**
 * Chunks in a Chronicle map whose file never grows: the keys are the chunk numbers, so there can
 * never be more entries than it was made for. A chunk holds one large block or sixteen small ones;
 * a small one is written in its place. Each block carries the object and index it was written for
 * and a checksum (CRC-32C) of its bytes: a block that was reused since, or that a power cut tore,
 * is told from the one that was meant.
 *
 * <p>An entry keeps its place in the file once it is there, and its bytes are read and written
 * there by {@code pread} and {@code pwrite}: what is not in memory comes in one go, and no page is
 * mapped that must be unmapped again when memory is wanted (decision 52). No lock is held
 * meanwhile; the header and the checksum tell what was meant.
 *
 * <p>Called on store threads only: a read may wait for the disk.
 */
final class BlockFile implements Blocks {
  private static final int HEADER = 20;

  /** A small block with its header. */
  private static final int PART = HEADER + StoreConfig.SMALL;

  private static final int VALUE = Chunks.PARTS * PART;

  /** Of each store thread: outside the heap, where the system can put the bytes. */
  private static final ThreadLocal<ByteBuffer> BUFFERS =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(VALUE));

  private final ChronicleMap<Integer, byte[]> map;
  private final FileChannel file;

  /** Where in the file a chunk's bytes begin; 0 until somebody has asked. */
  private final AtomicLongArray places;

  private BlockFile(ChronicleMap<Integer, byte[]> map, FileChannel file, int chunks) {
    this.map = map;
    this.file = file;
    this.places = new AtomicLongArray(chunks);
  }

  /**
   * Opens or makes the file.
   *
   * @param clean whether it was closed in order; if not it is scanned and mended
   */
  static BlockFile open(Path path, int chunks, boolean clean) throws IOException {
    ChronicleMapBuilder<Integer, byte[]> builder =
        ChronicleMapBuilder.of(Integer.class, byte[].class)
            .name(path.getFileName().toString())
            // One segment: spread over several, one of them could fill before the others, and each
            // would be made with room to spare.
            .actualSegments(1)
            .entriesPerSegment(chunks)
            .entries(chunks)
            .constantValueSizeBySample(new byte[VALUE])
            // Each block has its own, and all are written without their entry knowing.
            .checksumEntries(false)
            .allowSegmentTiering(false);
    ChronicleMap<Integer, byte[]> map =
        clean
            ? builder.createPersistedTo(path.toFile())
            : builder.recoverPersistedTo(path.toFile(), true);
    try {
      // Not before: a file that is mended is read from its beginning to its end.
      PageAdvice.random((VanillaChronicleHash<?, ?, ?, ?>) map);
      FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      PageAdvice.random(path);
      return new BlockFile(map, file, chunks);
    } catch (IOException | RuntimeException e) {
      map.close();
      throw e;
    }
  }

  @Override
  public void writeLarge(int chunk, long object, int index, byte[] bytes, int length) {
    ByteBuffer block = BUFFERS.get().clear();
    put(block, object, index, bytes, length);
    write(chunk, 0, block.flip());
  }

  @Override
  public void writeSmall(int block, long object, int index, byte[] bytes, int length) {
    ByteBuffer part = BUFFERS.get().clear();
    put(part, object, index, bytes, length);
    write(block / Chunks.PARTS, block % Chunks.PARTS * PART, part.flip());
  }

  private static void put(ByteBuffer to, long object, int index, byte[] bytes, int length) {
    to.putLong(object).putInt(index).putInt(length).putInt(sum(ByteBuffer.wrap(bytes, 0, length)));
    to.put(bytes, 0, length);
  }

  /** Into its place in the chunk, which is made where it was never written. */
  private void write(int chunk, int at, ByteBuffer bytes) {
    long place = place(chunk);
    if (place == 0) {
      byte[] value = new byte[VALUE];
      bytes.get(value, at, bytes.remaining());
      map.put(chunk, value);
      return;
    }
    try {
      while (bytes.hasRemaining()) {
        file.write(bytes, place + at + bytes.position());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public boolean readLarge(int chunk, long object, int index, ByteBuffer into) {
    ByteBuffer read = read(chunk, 0, HEADER + StoreConfig.LARGE);
    return copy(read, object, index, into);
  }

  @Override
  public boolean readSmall(int first, int count, long object, int index, ByteBuffer into) {
    ByteBuffer read =
        read(Math.floorDiv(first, Chunks.PARTS), first % Chunks.PARTS * PART, count * PART);
    for (int i = 0; i < count; i++) {
      read.position(Math.min(i * PART, read.limit()));
      if (!copy(read, object, index + i, into)) {
        return false;
      }
    }
    return true;
  }

  /** Bytes of a chunk; none where it was never written. */
  private ByteBuffer read(int chunk, int at, int length) {
    ByteBuffer bytes = BUFFERS.get().clear().limit(length);
    long place = chunk < 0 || chunk >= places.length() ? 0 : place(chunk);
    try {
      while (place != 0 && bytes.hasRemaining()) {
        if (file.read(bytes, place + at + bytes.position()) < 0) {
          break;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.flip();
  }

  /** The block at the buffer's position; false where it is another, or torn. */
  private static boolean copy(ByteBuffer from, long object, int index, ByteBuffer into) {
    if (from.remaining() < HEADER || from.getLong() != object || from.getInt() != index) {
      return false;
    }
    int length = from.getInt();
    int sum = from.getInt();
    if (length < 0 || length > from.remaining() || length > into.remaining()) {
      return false;
    }
    ByteBuffer bytes = from.slice(from.position(), length);
    if (sum(bytes.duplicate()) != sum) {
      return false;
    }
    into.put(bytes);
    return true;
  }

  /** Where in the file a chunk's bytes begin; 0 where it was never written. */
  private long place(int chunk) {
    long known = places.get(chunk);
    if (known != 0) {
      return known;
    }
    try (ExternalMapQueryContext<Integer, byte[], ?> context = map.queryContext(chunk)) {
      context.readLock().lock();
      MapEntry<Integer, byte[]> entry = context.entry();
      if (entry == null) {
        return 0;
      }
      RandomDataInput mapped = entry.value().bytes();
      long offset = entry.value().offset();
      long place =
          mapped.addressForRead(offset) - ((VanillaChronicleHash<?, ?, ?, ?>) map).bsAddress();
      requireSame(place, mapped, offset);
      places.set(chunk, place);
      return place;
    }
  }

  /** What is mapped there is what the file has there: or another chunk's bytes would be lost. */
  private void requireSame(long place, RandomDataInput mapped, long offset) {
    ByteBuffer head = ByteBuffer.allocate(HEADER);
    try {
      boolean same = file.read(head, place) == HEADER;
      for (int i = 0; same && i < HEADER; i++) {
        same = head.get(i) == mapped.readByte(offset + i);
      }
      if (!same) {
        throw new IllegalStateException("the map's file is not laid out as it is mapped");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int sum(ByteBuffer bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return (int) sum.getValue();
  }

  @Override
  public void close() {
    map.close();
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
