package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a block holds it gives back whole or not at all, from one start to the next. */
class BlockFileTest {
  private static final int CHUNKS = 40;

  @TempDir Path folder;
  private final Random random = new Random(4711);
  private Path path = Path.of("");

  @BeforeEach
  void place() {
    path = folder.resolve("blocks.dat");
  }

  private byte[] octets(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] large(BlockFile file, int chunk, long object) {
    ByteBuffer into = ByteBuffer.allocate(StoreConfig.LARGE);
    return file.readLarge(chunk, object, 3, into)
        ? Arrays.copyOf(into.array(), into.position())
        : new byte[0];
  }

  private static byte[] small(BlockFile file, int first, int count, long object) {
    ByteBuffer into = ByteBuffer.allocate(count * StoreConfig.SMALL);
    return file.readSmall(first, count, object, 7, into)
        ? Arrays.copyOf(into.array(), into.position())
        : new byte[0];
  }

  /** Blocks are as they were written, by this process and by one after it. */
  @Test
  void blocksAreAsTheyWereWrittenAlsoAfterAnotherStart() throws IOException {
    byte[] whole = octets(StoreConfig.LARGE);
    byte[] part = octets(1234);
    byte[] again = octets(StoreConfig.SMALL);
    byte[] run = octets(2 * StoreConfig.SMALL + 5);
    for (boolean clean : new boolean[] {true, true, false}) {
      try (BlockFile file = BlockFile.open(path, CHUNKS, clean)) {
        if (!Files.exists(folder.resolve("written"))) {
          file.writeLarge(39, 11, 3, whole, whole.length);
          file.writeLarge(0, 12, 3, part, part.length);
          writeRun(file, 5 * Chunks.PARTS + 2, 13, run);
          file.writeSmall(5 * Chunks.PARTS + 1, 14, 7, part, part.length);
          Files.createFile(folder.resolve("written"));
        }
        // In the place of one that is there, beside others that stay.
        file.writeSmall(5 * Chunks.PARTS + 1, 15, 7, again, again.length);
        assertArrayEquals(whole, large(file, 39, 11));
        assertArrayEquals(part, large(file, 0, 12));
        assertArrayEquals(run, small(file, 5 * Chunks.PARTS + 2, 3, 13));
        assertArrayEquals(again, small(file, 5 * Chunks.PARTS + 1, 1, 15));
        assertEquals(0, small(file, 5 * Chunks.PARTS + 1, 1, 14).length, "written over");
      }
    }
  }

  private static void writeRun(BlockFile file, int first, long object, byte[] bytes) {
    int number = 0;
    for (int from = 0; from < bytes.length; from += StoreConfig.SMALL, number++) {
      int length = Math.min(StoreConfig.SMALL, bytes.length - from);
      byte[] block = Arrays.copyOfRange(bytes, from, from + length);
      file.writeSmall(first + number, object, 7 + number, block, length);
    }
  }

  /** What was never written, lies outside or is of another object is nothing. */
  @Test
  void whatIsNotThereIsNotRead() throws IOException {
    try (BlockFile file = BlockFile.open(path, CHUNKS, true)) {
      file.writeLarge(1, 11, 3, octets(500), 500);
      file.writeSmall(2 * Chunks.PARTS, 12, 7, octets(500), 500);
      for (int chunk : List.of(-1, 0, 2, 3, CHUNKS, Integer.MAX_VALUE / Chunks.PARTS)) {
        assertEquals(0, large(file, chunk, 11).length, "chunk " + chunk);
        assertEquals(0, small(file, chunk * Chunks.PARTS, 1, 11).length, "chunk " + chunk);
      }
      assertEquals(0, large(file, 1, 12).length, "of another object");
      assertEquals(0, small(file, 2 * Chunks.PARTS, 2, 12).length, "no more than one");
      ByteBuffer tight = ByteBuffer.allocate(499);
      assertFalse(file.readLarge(1, 11, 3, tight), "more than there is room for");
    }
  }

  /** A block of which a byte was lost is nothing. */
  @Test
  void aTornBlockIsNotRead() throws IOException {
    byte[] bytes = octets(StoreConfig.LARGE);
    try (BlockFile file = BlockFile.open(path, CHUNKS, true)) {
      file.writeLarge(1, 11, 3, bytes, bytes.length);
      assertEquals(StoreConfig.LARGE, large(file, 1, 11).length);
      tear(Arrays.copyOfRange(bytes, 30_000, 30_040));
      assertEquals(0, large(file, 1, 11).length);
    }
  }

  /** Changes a byte of the file where it holds these. */
  private void tear(byte[] sought) throws IOException {
    byte[] all = Files.readAllBytes(path);
    int at = 0;
    while (!Arrays.equals(all, at, at + sought.length, sought, 0, sought.length)) {
      at++;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {(byte) ~all[at]}), at);
    }
  }

  /**
   * Nothing is read ahead: the system says so of a mapping ({@code rr}), and takes it of a file.
   */
  @EnabledOnOs(OS.LINUX)
  @Test
  void nothingIsReadAhead() throws IOException {
    try (BlockFile file = BlockFile.open(path, CHUNKS, true);
        Disk disk = Disk.open(StoreUnderTest.config(folder.resolve("disk")))) {
      file.writeLarge(1, 11, 3, octets(500), 500);
      disk.expectLookUps();
      assertTrue(PageAdvice.random(path) > 0);
      assertEquals(0, PageAdvice.random(folder.resolve("none")), "advice alone: no failure");
      assertTrue(flags(path).contains("rr"), "blocks");
      assertTrue(flags(folder.resolve("disk/records.dat")).contains("rr"), "records");
    }
  }

  private static List<String> flags(Path mapped) throws IOException {
    String name = mapped.toRealPath().toString();
    return Files.readAllLines(Path.of("/proc/self/smaps")).stream()
        .dropWhile(line -> !line.endsWith(name))
        .filter(line -> line.startsWith("VmFlags:"))
        .limit(1)
        .flatMap(line -> Arrays.stream(line.split(" ", -1)))
        .toList();
  }
}
