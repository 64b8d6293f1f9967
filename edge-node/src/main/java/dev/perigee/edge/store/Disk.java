package dev.perigee.edge.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the store: large and small blocks, and one record for each whole object. A mark says
 * that they were closed in order; without it they are scanned and mended, and what cannot be mended
 * is begun anew: a cache may forget, it may not be wrong.
 */
final class Disk implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Disk.class);

  /** Records up to this size lie in the map itself. */
  private static final int INLINE = 8 * 1024;

  /** Index of the first block that holds a record and no body. */
  private static final int RECORD_INDEX = 1 << 30;

  private static final double ROOM = 1.1;

  final BlockFile large;
  final BlockFile small;
  private final ChronicleMap<Long, byte[]> records;
  private final Path directory;
  private final FileLock lock;
  private final boolean wasClean;

  private Disk(
      Path directory,
      FileLock lock,
      boolean wasClean,
      BlockFile large,
      BlockFile small,
      ChronicleMap<Long, byte[]> records) {
    this.directory = directory;
    this.lock = lock;
    this.wasClean = wasClean;
    this.large = large;
    this.small = small;
    this.records = records;
  }

  static Disk open(StoreConfig config) throws IOException {
    Path directory = Files.createDirectories(config.directory());
    FileLock lock =
        Optional.ofNullable(
                FileChannel.open(
                        directory.resolve("lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)
                    .tryLock())
            .orElseThrow(() -> new IOException("another process uses the cache in " + directory));
    Path shape = directory.resolve("shape");
    String wanted = config.capacityBytes() + " " + config.maxObjects() + " 1\n";
    boolean same = Files.exists(shape) && Files.readString(shape).equals(wanted);
    if (!same) {
      clear(directory);
      requireRoom(directory, config.capacityBytes());
      Files.writeString(shape, wanted);
    }
    boolean clean = !same || Files.deleteIfExists(directory.resolve("clean"));
    try {
      return openMaps(config, directory, lock, clean);
    } catch (IOException | RuntimeException e) {
      LOG.warn("the cache in {} cannot be recovered and is begun anew", directory, e);
      clear(directory);
      return openMaps(config, directory, lock, true);
    }
  }

  private static Disk openMaps(StoreConfig config, Path directory, FileLock lock, boolean clean)
      throws IOException {
    BlockFile large =
        BlockFile.open(
            directory.resolve("large.dat"), config.largeBlocks(), StoreConfig.LARGE, clean);
    BlockFile small =
        BlockFile.open(
            directory.resolve("small.dat"), config.smallBlocks(), StoreConfig.SMALL, clean);
    ChronicleMapBuilder<Long, byte[]> builder =
        ChronicleMapBuilder.of(Long.class, byte[].class)
            .name("records")
            .entries(config.maxObjects())
            .averageValueSize(1024)
            .allowSegmentTiering(false);
    Path file = directory.resolve("records.dat");
    ChronicleMap<Long, byte[]> records =
        clean
            ? builder.createPersistedTo(file.toFile())
            : builder.recoverPersistedTo(file.toFile(), true);
    return new Disk(directory, lock, clean, large, small, records);
  }

  private static void clear(Path directory) throws IOException {
    for (String name : List.of("large.dat", "small.dat", "records.dat", "clean")) {
      Files.deleteIfExists(directory.resolve(name));
    }
  }

  private static void requireRoom(Path directory, long capacity) throws IOException {
    long room = Files.getFileStore(directory).getUsableSpace();
    if (room < capacity * ROOM) {
      throw new IOException(
          "cache-size "
              + capacity
              + " needs a tenth more room than that in "
              + directory
              + ", and there are "
              + room
              + " bytes: choose a smaller cache-size or another state-dir");
    }
  }

  /** Whether the files were closed in order, or are new. */
  boolean wasClean() {
    return wasClean;
  }

  /** Every whole record, with the blocks that a long one takes. */
  List<Found> load() {
    List<Found> found = new ArrayList<>();
    List<Long> broken = new ArrayList<>();
    for (Long id : records.keySet()) {
      byte[] record = records.get(id);
      Optional<Found> object = record == null ? Optional.empty() : decode(record);
      object.filter(o -> o.object.id == id).ifPresentOrElse(found::add, () -> broken.add(id));
    }
    broken.forEach(records::remove);
    return found;
  }

  /** An object with the large blocks that hold its record. */
  record Found(StoredObject object, List<Integer> recordBlocks) {}

  private Optional<Found> decode(byte[] record) {
    if (record.length > 0 && record[0] != 0) {
      return ObjectCodec.decode(record).map(object -> new Found(object, List.of()));
    }
    ByteBuffer pointer = ByteBuffer.wrap(record);
    if (pointer.remaining() < 13) {
      return Optional.empty();
    }
    pointer.get();
    long id = pointer.getLong();
    int total = pointer.getInt();
    List<Integer> blocks = new ArrayList<>();
    ByteBuffer whole = ByteBuffer.allocate(Math.max(0, Math.min(total, 1 << 26)));
    for (int index = 0; pointer.remaining() >= 4; index++) {
      int block = pointer.getInt();
      byte[] part = large.read(block, id, RECORD_INDEX + index);
      if (part == null || part.length > whole.remaining()) {
        return Optional.empty();
      }
      whole.put(part);
      blocks.add(block);
    }
    return whole.hasRemaining()
        ? Optional.empty()
        : ObjectCodec.decode(whole.array()).map(object -> new Found(object, blocks));
  }

  /** Large blocks that the record of this object needs besides its entry. */
  static int recordBlocks(byte[] record) {
    return record.length <= INLINE
        ? 0
        : (record.length + StoreConfig.LARGE - 1) / StoreConfig.LARGE;
  }

  /** Writes a record, long ones into the blocks given. */
  void put(long id, byte[] record, List<Integer> blocks) {
    if (blocks.isEmpty()) {
      records.put(id, record);
      return;
    }
    ByteBuffer pointer = ByteBuffer.allocate(13 + 4 * blocks.size());
    pointer.put((byte) 0).putLong(id).putInt(record.length);
    for (int i = 0; i < blocks.size(); i++) {
      int from = i * StoreConfig.LARGE;
      int length = Math.min(StoreConfig.LARGE, record.length - from);
      byte[] part = java.util.Arrays.copyOfRange(record, from, from + length);
      large.write(blocks.get(i), id, RECORD_INDEX + i, part, length);
      pointer.putInt(blocks.get(i));
    }
    records.put(id, pointer.array());
  }

  void remove(long id) {
    records.remove(id);
  }

  @Override
  public void close() throws IOException {
    large.close();
    small.close();
    records.close();
    Files.writeString(directory.resolve("clean"), "closed in order\n");
    lock.acquiredBy().close();
  }
}
