package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** Any bytes in the place of a shard's index, with a checksum that is right. */
public final class IndexFuzz {
  private static final StoreConfig CONFIG =
      new StoreConfig(Path.of("nowhere"), 8L << 20, 1L << 20, 0, 1L << 20, 100, 1);

  private static final Path FILE = FuzzFile.of("index-fuzz");

  private IndexFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    CRC32C sum = new CRC32C();
    sum.update(input);
    byte[] summed =
        ByteBuffer.allocate(input.length + Long.BYTES).put(input).putLong(sum.getValue()).array();
    try {
      Files.write(FILE, summed);
      Shard shard = shard();
      if (!isRead(shard)) {
        return;
      }
      int objects = 0;
      for (Pool pool : shard.room.pools()) {
        objects += pool.slots.size();
      }
      assertTrue(objects <= CONFIG.maxObjects(), "more objects than there may be");
      IndexFile.write(FILE, shard);
      Shard again = shard();
      assertTrue(isRead(again), "what was read and written is read again");
      for (int pool = 0; pool < shard.room.pools().size(); pool++) {
        assertEquals(
            shard.room.pools().get(pool).slots.size(), again.room.pools().get(pool).slots.size());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("not even a file", e);
    }
  }

  private static boolean isRead(Shard shard) {
    try {
      IndexFile.read(FILE, shard);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** A shard in which nothing is. */
  static Shard shard() {
    StoreParts parts = StoreParts.with(shard -> MemoryDisk.empty(shard.directory()));
    StoreContext context = new ChronicleResponseStore(CONFIG, 1, 1, parts).context;
    return new Shard(context, MemoryDisk.empty(CONFIG.directory()), Runnable::run);
  }
}
