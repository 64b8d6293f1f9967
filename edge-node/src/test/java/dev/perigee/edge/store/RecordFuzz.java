package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
      ObjectRecord again = ObjectCodec.decode(ObjectCodec.encode(read.get())).orElseThrow();
      assertEquals(read.get().id(), again.id());
      assertEquals(read.get().meta().key(), again.meta().key());
      assertArrayEquals(read.get().large(), again.large());
    }
  }
}
