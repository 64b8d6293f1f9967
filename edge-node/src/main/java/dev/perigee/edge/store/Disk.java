package dev.perigee.edge.store;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import net.openhft.chronicle.hash.impl.VanillaChronicleHash;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of one shard: blocks, and one record for each whole object. A mark says that they were
 * closed in order; without it they are scanned and mended, and what cannot be mended is begun anew:
 * a cache may forget, it may not be wrong.
 */
final class Disk implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Disk.class);

  /** Records up to this size lie in the map itself. */
  private static final int INLINE = 8 * 1024;

  /** Index of the first block that holds a record and no body. */
  private static final int RECORD_INDEX = 1 << 30;

  /** Of a long record's entry: a zero, the id, the length; block numbers follow. */
  private static final int POINTER_BYTES = 13;

  /** Where a Chronicle map's file says how long its header is; zero until that is written. */
  private static final int SIZE_WORD = 8;

  private static final String BODIES = "blocks.dat";
  private static final String RECORDS = "records.dat";
  private static final String CLEAN = "clean";
  private static final String INDEX = "index.dat";

  final Blocks blocks;
  private final Map<Long, byte[]> records;
  private final Runnable closeRecords;
  private final Path directory;
  private final boolean clean;

  /**
   * Over blocks and records that are open.
   *
   * @param clean whether they were closed in order, or are new
   */
  Disk(
      Path directory,
      Blocks blocks,
      Map<Long, byte[]> records,
      Runnable closeRecords,
      boolean clean) {
    this.directory = directory;
    this.blocks = blocks;
    this.records = records;
    this.closeRecords = closeRecords;
    this.clean = clean;
  }

  /** Opens the files of one shard. */
  interface Opener {
    /**
     * Opens them, or makes them.
     *
     * @param config of the shard
     */
    Disk open(StoreConfig config) throws IOException;
  }

  /** The same with its blocks and records seen through others. */
  Disk through(UnaryOperator<Blocks> otherBlocks, UnaryOperator<Map<Long, byte[]>> otherRecords) {
    return new Disk(
        directory, otherBlocks.apply(blocks), otherRecords.apply(records), closeRecords, clean);
  }

  /**
   * Opens the files of one shard; makes them where there are none.
   *
   * @param config of this shard
   */
  static Disk open(StoreConfig config) throws IOException {
    Path directory = Files.createDirectories(config.directory());
    boolean begun = Files.exists(directory.resolve(RECORDS));
    boolean clean = Files.deleteIfExists(directory.resolve(CLEAN)) || !begun;
    // Before anything is written: or a power cut could bring the mark back beside torn files.
    StoreFolder.force(directory);
    try {
      return openMaps(config, directory, clean);
    } catch (IOException | RuntimeException e) {
      LOG.warn("the cache in {} cannot be recovered and is begun anew", directory, e);
      clear(directory);
      return openMaps(config, directory, true);
    }
  }

  private static Disk openMaps(StoreConfig config, Path directory, boolean clean)
      throws IOException {
    for (String name : List.of(BODIES, RECORDS)) {
      requireBegun(directory.resolve(name));
    }
    BlockFile blocks = BlockFile.open(directory.resolve(BODIES), config.chunks(), clean);
    try {
      ChronicleMap<Long, byte[]> records = records(config, directory, clean);
      return new Disk(directory, blocks, records, records::close, clean);
    } catch (IOException | RuntimeException e) {
      blocks.close();
      throw e;
    }
  }

  /**
   * Refuses a map whose header was never finished. Chronicle would wait a minute for another
   * process to finish it; the lock says that there is none.
   */
  private static void requireBegun(Path file) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer head = ByteBuffer.allocate(SIZE_WORD + Integer.BYTES);
      while (head.hasRemaining() && channel.read(head) >= 0) {}
      if (head.hasRemaining() || head.getInt(SIZE_WORD) == 0) {
        throw new IOException("no finished map: " + file);
      }
    }
  }

  private static ChronicleMap<Long, byte[]> records(
      StoreConfig config, Path directory, boolean clean) throws IOException {
    ChronicleMapBuilder<Long, byte[]> builder =
        ChronicleMapBuilder.of(Long.class, byte[].class)
            .name("records")
            // One segment: room that one record leaves is room for any other.
            .actualSegments(1)
            .entriesPerSegment(config.maxObjects())
            .entries(config.maxObjects())
            .averageValueSize(1024)
            .allowSegmentTiering(false);
    File file = directory.resolve(RECORDS).toFile();
    return clean ? builder.createPersistedTo(file) : builder.recoverPersistedTo(file, true);
  }

  private static void clear(Path directory) throws IOException {
    for (String name : List.of(BODIES, RECORDS, CLEAN, INDEX)) {
      Files.deleteIfExists(directory.resolve(name));
    }
  }

  /** From now on a record is read here and a record there, no more all of them. */
  void expectLookUps() {
    if (records instanceof VanillaChronicleHash<?, ?, ?, ?> map) {
      PageAdvice.random(map);
    }
  }

  /** Whether it was closed in order, or had never been opened. */
  boolean wasClean() {
    return clean;
  }

  /** Where the index lies from an orderly end to the next start. */
  Path indexFile() {
    return directory.resolve(INDEX);
  }

  /** Every whole record, with the blocks that a long one takes; what is broken is removed. */
  void forEach(Consumer<Found> action) {
    List<Long> broken = new ArrayList<>();
    for (Long id : records.keySet()) {
      find(id).ifPresentOrElse(action, () -> broken.add(id));
    }
    broken.forEach(records::remove);
  }

  /** An object with the large blocks that hold its record. */
  @SuppressWarnings("ArrayRecordComponent") // written once, read by this package only
  record Found(ObjectRecord object, int[] recordBlocks) {}

  /** The record of an object; empty when there is none that is whole. */
  Optional<Found> find(long id) {
    byte[] record = records.get(id);
    return record == null ? Optional.empty() : decode(record).filter(f -> f.object.id() == id);
  }

  private Optional<Found> decode(byte[] record) {
    if (record.length > 0 && record[0] != 0) {
      return ObjectCodec.decode(record).map(object -> new Found(object, new int[0]));
    }
    ByteBuffer pointer = ByteBuffer.wrap(record);
    if (pointer.remaining() < POINTER_BYTES) {
      return Optional.empty();
    }
    pointer.get();
    long id = pointer.getLong();
    int total = pointer.getInt();
    int[] numbers = new int[pointer.remaining() / 4];
    ByteBuffer whole = ByteBuffer.allocate(Math.max(0, Math.min(total, 1 << 26)));
    for (int index = 0; index < numbers.length; index++) {
      numbers[index] = pointer.getInt();
      if (!blocks.readLarge(numbers[index], id, RECORD_INDEX + index, whole)) {
        return Optional.empty();
      }
    }
    return whole.hasRemaining()
        ? Optional.empty()
        : ObjectCodec.decode(whole.array()).map(object -> new Found(object, numbers));
  }

  /**
   * Reads the whole body of an object.
   *
   * @param into as long as the body; full after it, and ready to be read
   * @return false where a block is not what it should be
   */
  boolean read(ObjectRecord object, ByteBuffer into) {
    for (int number = 0; number < object.large().length; number++) {
      if (!blocks.readLarge(object.large()[number], object.id(), number, into)) {
        return false;
      }
    }
    int[] small = object.small();
    int count;
    for (int number = 0; number < small.length; number += count) {
      count = run(small, number);
      int index = ObjectWriter.SMALL_INDEX + number;
      if (!blocks.readSmall(small[number], count, object.id(), index, into)) {
        return false;
      }
    }
    boolean isWhole = !into.hasRemaining();
    into.flip();
    return isWhole;
  }

  /** How many small blocks from this one on lie one after the other in a chunk. */
  private static int run(int[] blocks, int from) {
    int count = 1;
    while (from + count < blocks.length
        && blocks[from + count] == blocks[from] + count
        && blocks[from + count] % Chunks.PARTS != 0) {
      count++;
    }
    return count;
  }

  /** Large blocks that the record of this object needs besides its entry. */
  static int recordBlocks(byte[] record) {
    return record.length <= INLINE
        ? 0
        : (record.length + StoreConfig.LARGE - 1) / StoreConfig.LARGE;
  }

  /** Writes a record, long ones into the blocks given. */
  void put(long id, byte[] record, int[] numbers) {
    if (numbers.length == 0) {
      records.put(id, record);
      return;
    }
    ByteBuffer pointer = ByteBuffer.allocate(POINTER_BYTES + 4 * numbers.length);
    pointer.put((byte) 0).putLong(id).putInt(record.length);
    for (int i = 0; i < numbers.length; i++) {
      int from = i * StoreConfig.LARGE;
      int length = Math.min(StoreConfig.LARGE, record.length - from);
      byte[] part = Arrays.copyOfRange(record, from, from + length);
      blocks.writeLarge(numbers[i], id, RECORD_INDEX + i, part, length);
      pointer.putInt(numbers[i]);
    }
    records.put(id, pointer.array());
  }

  void remove(long id) {
    records.remove(id);
  }

  /** Brings every record and removal so far to the disk itself, so that a power cut keeps them. */
  void forceRecords() throws IOException {
    StoreFolder.force(directory.resolve(RECORDS));
  }

  /** Closes in order. The mark is on disk only after everything it speaks of. */
  @Override
  public void close() throws IOException {
    closeMaps();
    for (String name : List.of(BODIES, RECORDS)) {
      StoreFolder.force(directory.resolve(name));
    }
    Files.writeString(directory.resolve(CLEAN), "closed in order\n");
    StoreFolder.force(directory.resolve(CLEAN));
    StoreFolder.force(directory);
  }

  /** Closes without the mark: what lies there is looked through at the next start. */
  void closeMaps() {
    blocks.close();
    closeRecords.run();
  }
}
