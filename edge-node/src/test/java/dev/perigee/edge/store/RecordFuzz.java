package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.cache.StoredMeta;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32;

/** Any bytes in the place of an object's record, also with a checksum that is right. */
public final class RecordFuzz {
  private RecordFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    ObjectCodec.decode(input);
    if (input.length < 8) {
      return;
    }
    byte[] summed = input.clone();
    CRC32 sum = new CRC32();
    sum.update(summed, 0, summed.length - Integer.BYTES);
    ByteBuffer.wrap(summed).putInt(summed.length - Integer.BYTES, (int) sum.getValue());
    Optional<ObjectRecord> read = ObjectCodec.decode(summed);
    if (read.isPresent()) {
      same(read.get(), ObjectCodec.decode(ObjectCodec.encode(read.get())).orElseThrow());
    }
  }

  private static void same(ObjectRecord one, ObjectRecord other) {
    assertEquals(one.id(), other.id());
    assertEquals(one.length(), other.length());
    assertArrayEquals(one.large(), other.large());
    assertArrayEquals(one.small(), other.small());
    StoredMeta meta = one.meta();
    StoredMeta again = other.meta();
    assertEquals(meta.key(), again.key());
    assertEquals(meta.head().status(), again.head().status());
    assertEquals(meta.head().fields().toString(), again.head().fields().toString());
    assertEquals(meta.varyNames(), again.varyNames());
    assertEquals(meta.varyValues(), again.varyValues());
    assertEquals(meta.tags(), again.tags());
    assertEquals(meta.bodyFence(), again.bodyFence());
    assertEquals(meta.freshFence(), again.freshFence());
    assertEquals(meta.softPurgedBy(), again.softPurgedBy());
    assertEquals(meta.rule(), again.rule());
  }
}
