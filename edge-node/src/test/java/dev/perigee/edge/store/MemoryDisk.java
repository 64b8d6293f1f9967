package dev.perigee.edge.store;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A shard's files in memory, as good as a disk that never fails. */
final class MemoryDisk implements Blocks {
  private final Map<String, byte[]> blocks = new ConcurrentHashMap<>();

  /** Nothing is in it. */
  static Disk empty(Path directory) {
    return new Disk(directory, new MemoryDisk(), new ConcurrentHashMap<>(), () -> {}, true);
  }

  private static String name(String kind, int block, long object, int index) {
    return kind + block + " " + object + " " + index;
  }

  @Override
  public void writeLarge(int chunk, long object, int index, byte[] bytes, int length) {
    blocks.put(name("large", chunk, object, index), Arrays.copyOf(bytes, length));
  }

  @Override
  public void writeSmall(int block, long object, int index, byte[] bytes, int length) {
    blocks.put(name("small", block, object, index), Arrays.copyOf(bytes, length));
  }

  @Override
  public byte @Nullable [] readLarge(int chunk, long object, int index) {
    return blocks.get(name("large", chunk, object, index));
  }

  @Override
  public byte @Nullable [] readSmall(int block, long object, int index) {
    return blocks.get(name("small", block, object, index));
  }

  @Override
  public void close() {}
}
