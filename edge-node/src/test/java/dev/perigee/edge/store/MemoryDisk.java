package dev.perigee.edge.store;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

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
  public boolean readLarge(int chunk, long object, int index, ByteBuffer into) {
    return copy(name("large", chunk, object, index), into);
  }

  @Override
  public boolean readSmall(int first, int count, long object, int index, ByteBuffer into) {
    for (int i = 0; i < count; i++) {
      if (!copy(name("small", first + i, object, index + i), into)) {
        return false;
      }
    }
    return true;
  }

  private boolean copy(String name, ByteBuffer into) {
    byte[] bytes = blocks.get(name);
    if (bytes == null || bytes.length > into.remaining()) {
      return false;
    }
    into.put(bytes);
    return true;
  }

  @Override
  public void close() {}
}
