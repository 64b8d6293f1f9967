package dev.perigee.edge.store;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
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

  /** Of the files; another one begins them anew. */
  private static final int LAYOUT = 2;

  /** Where a Chronicle map's file says how long its header is; zero until that is written. */
  private static final int SIZE_WORD = 8;

  private static final String BODIES = "large.dat";
  private static final String TAILS = "small.dat";
  private static final String RECORDS = "records.dat";
  private static final String CLEAN = "clean";

  final BlockFile large;
  final BlockFile small;
  private final ChronicleMap<Long, byte[]> records;
  private final Path directory;
  private final FileLock lock;

  private Disk(
      Path directory,
      FileLock lock,
      BlockFile large,
      BlockFile small,
      ChronicleMap<Long, byte[]> records) {
    this.directory = directory;
    this.lock = lock;
    this.large = large;
    this.small = small;
    this.records = records;
  }

  static Disk open(StoreConfig config) throws IOException {
    Path directory = Files.createDirectories(config.directory());
    FileLock lock = lock(directory);
    try {
      return open(config, directory, lock);
    } catch (IOException | RuntimeException e) {
      lock.acquiredBy().close();
      throw e;
    }
  }

  private static Disk open(StoreConfig config, Path directory, FileLock lock) throws IOException {
    Path shape = directory.resolve("shape");
    String wanted = config.capacityBytes() + " " + config.maxObjects() + " " + LAYOUT + "\n";
    boolean same = Files.exists(shape) && Files.readString(shape).equals(wanted);
    if (!same) {
      clear(directory);
      requireRoom(directory, config.capacityBytes());
      Files.writeString(shape, wanted);
    }
    boolean clean = !same || Files.deleteIfExists(directory.resolve(CLEAN));
    // Before anything is written: or a power cut could bring the mark back beside torn files.
    force(directory);
    try {
      return openMaps(config, directory, lock, clean);
    } catch (IOException | RuntimeException e) {
      LOG.warn("the cache in {} cannot be recovered and is begun anew", directory, e);
      clear(directory);
      return openMaps(config, directory, lock, true);
    }
  }

  private static FileLock lock(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      Optional<FileLock> lock = Optional.ofNullable(channel.tryLock());
      if (lock.isPresent()) {
        return lock.get();
      }
    } catch (OverlappingFileLockException e) {
      LOG.trace("held by this very process", e);
    }
    channel.close();
    throw new IOException("another process uses the cache in " + directory);
  }

  /** Brings a file, or the names in a folder, to the disk; also what was written through a map. */
  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Disk openMaps(StoreConfig config, Path directory, FileLock lock, boolean clean)
      throws IOException {
    for (String name : List.of(BODIES, TAILS, RECORDS)) {
      requireBegun(directory.resolve(name));
    }
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      BlockFile large =
          BlockFile.open(directory.resolve(BODIES), config.largeBlocks(), StoreConfig.LARGE, clean);
      opened.add(large);
      BlockFile small =
          BlockFile.open(directory.resolve(TAILS), config.smallBlocks(), StoreConfig.SMALL, clean);
      opened.add(small);
      return new Disk(directory, lock, large, small, records(config, directory, clean));
    } catch (IOException | RuntimeException e) {
      for (AutoCloseable map : opened) {
        closeQuietly(map);
      }
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
            .entries(config.maxObjects())
            .averageValueSize(1024)
            .allowSegmentTiering(false);
    File file = directory.resolve(RECORDS).toFile();
    return clean ? builder.createPersistedTo(file) : builder.recoverPersistedTo(file, true);
  }

  private static void closeQuietly(AutoCloseable map) {
    try {
      map.close();
    } catch (Exception e) {
      LOG.debug("a map that is given up", e);
    }
  }

  private static void clear(Path directory) throws IOException {
    for (String name : List.of(BODIES, TAILS, RECORDS, CLEAN)) {
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

  /** Brings every record and removal so far to the disk itself, so that a power cut keeps them. */
  void forceRecords() throws IOException {
    force(directory.resolve(RECORDS));
  }

  /** Closes in order. The mark is on disk only after everything it speaks of. */
  @Override
  public void close() throws IOException {
    large.close();
    small.close();
    records.close();
    for (String name : List.of(BODIES, TAILS, RECORDS)) {
      force(directory.resolve(name));
    }
    Files.writeString(directory.resolve(CLEAN), "closed in order\n");
    force(directory.resolve(CLEAN));
    force(directory);
    lock.acquiredBy().close();
  }
}
