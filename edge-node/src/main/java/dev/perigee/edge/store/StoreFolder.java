package dev.perigee.edge.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of a store: who holds it, the shape its files have, the seed of its hashes and the
 * number its ids begin with. A store of another shape is begun anew.
 */
final class StoreFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreFolder.class);

  /** Of the files; another one begins them anew. */
  private static final int LAYOUT = 4;

  private static final String JOURNAL = "purges";
  private static final double ROOM = 1.1;

  /** Ids that one run may use up: far more than it can. */
  private static final long IDS_OF_A_RUN = 1L << 40;

  private static final int ID_SHIFT = 20;

  private final Path directory;
  private final FileChannel held;
  private final long seed;

  private StoreFolder(Path directory, FileChannel held, long seed) {
    this.directory = directory;
    this.held = held;
    this.seed = seed;
  }

  /** Takes the folder for this process; refused while another one has it. */
  static StoreFolder open(StoreConfig config) throws IOException {
    Path directory = Files.createDirectories(config.directory());
    FileChannel held = hold(directory);
    try {
      String wanted =
          "%d %d %d %d"
              .formatted(config.capacityBytes(), config.maxObjects(), config.shards(), LAYOUT);
      Path shape = directory.resolve("shape");
      List<String> lines = Files.exists(shape) ? Files.readAllLines(shape) : List.of();
      boolean same = lines.size() == 2 && lines.get(0).equals(wanted);
      OptionalLong known = same ? number(lines.get(1)) : OptionalLong.empty();
      if (known.isPresent()) {
        return new StoreFolder(directory, held, known.getAsLong());
      }
      clear(directory);
      requireRoom(directory, config.capacityBytes());
      long seed = new SecureRandom().nextLong();
      replace(directory, "shape", wanted + "\n" + seed + "\n");
      return new StoreFolder(directory, held, seed);
    } catch (IOException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private static FileChannel hold(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      Optional<FileLock> lock = Optional.ofNullable(channel.tryLock());
      if (lock.isPresent()) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      LOG.trace("held", e);
      channel.close();
      throw new FolderInUseException("this very process", directory);
    }
    channel.close();
    throw new FolderInUseException("another process", directory);
  }

  /** The seed of the hashes, which are in files: the same as long as those are. */
  long seed() {
    return seed;
  }

  /** Where the journal of purges lies. */
  Path journal() {
    return directory.resolve(JOURNAL);
  }

  Path shard(int number) {
    return directory.resolve("shard-" + number);
  }

  /**
   * Lets nothing that lies in a folder be served again: without its journal, all of it is forgotten
   * when it is opened next. Needs no room.
   */
  static void giveUp(Path directory) throws IOException {
    if (Files.exists(directory)) {
      Files.deleteIfExists(directory.resolve(JOURNAL));
      force(directory);
    }
  }

  /** Forgets everything stored. */
  void forget() throws IOException {
    clear(directory);
  }

  /** An id above all that were ever given here, whatever the clock says; on disk before its use. */
  long firstId(long nowMillis) throws IOException {
    Path file = directory.resolve("ids");
    long before = 0;
    if (Files.exists(file)) {
      before = number(Files.readString(file).strip()).orElse(0);
    }
    long first = Math.max(nowMillis << ID_SHIFT, before + IDS_OF_A_RUN);
    replace(directory, "ids", first + "\n");
    return first;
  }

  private static OptionalLong number(String text) {
    try {
      return OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** The shards, and what older layouts had in their place; the journal and the rest stay. */
  private static void clear(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      for (Path one : all.toList()) {
        String name = one.getFileName().toString();
        if (name.startsWith("shard-") || name.endsWith(".dat") || name.equals("clean")) {
          Files.walkFileTree(one, new Deletion());
        }
      }
    }
    force(directory);
  }

  private static final class Deletion extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException problem)
        throws IOException {
      Files.delete(folder);
      return FileVisitResult.CONTINUE;
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

  /** Puts a small file in place of another, on the disk itself. */
  private static void replace(Path directory, String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(directory);
  }

  /** Brings a file, or the names in a folder, to the disk; also what was written through a map. */
  static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    held.close();
  }
}
