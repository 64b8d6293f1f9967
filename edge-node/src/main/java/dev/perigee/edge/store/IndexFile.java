package dev.perigee.edge.store;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * The index of one shard on disk, from an orderly end to the next start: with it a start reads a
 * few bytes for each object in one go instead of every record. A checksum (CRC-32C) stands at the
 * end; a file that is not whole counts as none. A checksum vouches for nobody's good will: no count
 * is believed that the file or the shard has no room for.
 */
final class IndexFile {
  private static final int MAGIC = 0x50475832;
  private static final int BUFFER = 1 << 18;

  /** The name of a site takes at least its length. */
  private static final int LEAST_NAME = Short.BYTES;

  /** A bit of an object's last byte: it is in the main queue. */
  private static final int MAIN = 0x80;

  /** How often an object counts as asked for. */
  private static final int MAX_FREQUENCY = 3;

  private IndexFile() {}

  /** Writes the index and which blocks are taken. */
  static void write(Path file, Shard shard) throws IOException {
    CRC32C sum = new CRC32C();
    try (DataOutputStream out =
        new DataOutputStream(
            new CheckedOutputStream(
                new BufferedOutputStream(Files.newOutputStream(file), BUFFER), sum))) {
      out.writeInt(MAGIC);
      out.writeLong(shard.sweptThrough());
      List<String> sites = shard.context.sites().names();
      out.writeInt(sites.size());
      for (String site : sites) {
        out.writeUTF(site);
      }
      write(out, shard.room.chunks);
      for (Pool pool : shard.room.pools()) {
        write(out, pool);
      }
      out.writeLong(sum.getValue());
    }
    StoreFolder.force(file);
  }

  private static void write(DataOutputStream out, Chunks chunks) throws IOException {
    long[] large = chunks.large();
    out.writeInt(large.length);
    for (long word : large) {
      out.writeLong(word);
    }
    char[] small = chunks.small();
    out.writeInt(small.length);
    for (char parts : small) {
      out.writeChar(parts);
    }
  }

  private static void write(DataOutputStream out, Pool pool) throws IOException {
    out.writeInt(pool.slots.size());
    List<IOException> failed = new ArrayList<>();
    pool.queues.forEach(
        (slot, isMain, frequency) -> {
          try {
            out.writeLong(pool.slots.hash(slot));
            out.writeLong(pool.slots.id(slot));
            out.writeLong(pool.slots.tags(slot));
            out.writeInt(pool.slots.url(slot));
            out.writeInt(pool.queues.site(slot));
            out.writeInt(pool.queues.units(slot));
            out.writeByte(isMain ? frequency | MAIN : frequency);
          } catch (IOException e) {
            failed.add(e);
          }
        });
    if (!failed.isEmpty()) {
      throw failed.getFirst();
    }
  }

  /**
   * Fills an empty shard with what {@link #write} has kept.
   *
   * @throws IOException where there is no whole file: the shard is then to be thrown away
   */
  static void read(Path file, Shard shard) throws IOException {
    long length = verify(file);
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER))) {
      if (in.readInt() != MAGIC) {
        throw new IOException("not an index: " + file);
      }
      shard.sweptThrough(in.readLong());
      int[] sites = new int[count(in, length / LEAST_NAME)];
      for (int i = 0; i < sites.length; i++) {
        sites[i] = shard.context.sites().of(in.readUTF());
      }
      StoreConfig config = shard.context.config();
      read(in, shard.room.chunks, config.chunks());
      int room = config.maxObjects();
      for (Pool pool : shard.room.pools()) {
        int objects = count(in, room);
        room -= objects;
        read(in, pool, objects, sites, config.chunks() * Chunks.PARTS);
      }
      in.readLong();
      if (in.read() >= 0) {
        throw new IOException("more than an index: " + file);
      }
      shard.room.allNamed();
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new IOException("an index of another store: " + file, e);
    }
  }

  private static int count(DataInputStream in, long most) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > most) {
      throw new IOException("an index that counts " + count + " where there is room for " + most);
    }
    return count;
  }

  /** How long it is without its checksum. */
  private static long verify(Path file) throws IOException {
    long length = Files.size(file) - Long.BYTES;
    CRC32C sum = new CRC32C();
    try (DataInputStream in =
        new DataInputStream(
            new CheckedInputStream(
                new BufferedInputStream(Files.newInputStream(file), BUFFER), sum))) {
      in.skipNBytes(length);
      long computed = sum.getValue();
      if (in.readLong() != computed) {
        throw new IOException("a damaged index: " + file);
      }
    }
    return length;
  }

  private static void read(DataInputStream in, Chunks chunks, int inFile) throws IOException {
    long[] large = new long[count(in, (inFile + Long.SIZE - 1) / Long.SIZE)];
    for (int i = 0; i < large.length; i++) {
      large[i] = in.readLong();
    }
    char[] small = new char[count(in, inFile)];
    for (int i = 0; i < small.length; i++) {
      small[i] = in.readChar();
    }
    if (!chunks.restore(large, small)) {
      throw new IOException("an index of other files");
    }
  }

  private static void read(DataInputStream in, Pool pool, int objects, int[] sites, int maxUnits)
      throws IOException {
    for (int left = objects; left > 0; left--) {
      long hash = in.readLong();
      long id = in.readLong();
      long tags = in.readLong();
      int url = in.readInt();
      int site = sites[in.readInt()];
      int units = in.readInt();
      int flags = in.readByte();
      // Hits are counted without a lock, sometimes one too many.
      int frequency = Math.min(flags & ~MAIN & 0xff, MAX_FREQUENCY);
      if (id <= 0 || units <= 0 || units > maxUnits) {
        throw new IOException("an index with an object that cannot be");
      }
      int slot = pool.slots.add(hash, id, url, tags);
      pool.queues.restore(slot, site, units, (flags & MAIN) != 0, frequency);
    }
  }
}
