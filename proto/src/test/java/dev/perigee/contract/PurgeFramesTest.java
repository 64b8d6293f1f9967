package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.sync.v1.ControlMessage;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Frames behind a head are the message that the codec would have written. */
final class PurgeFramesTest {
  @Test
  void framesBehindAHeadAreTheMessageByteForByte() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int count : new int[] {1, 2, 50}) {
      List<Purge> purges = new ArrayList<>();
      ByteArrayOutputStream frames = new ByteArrayOutputStream();
      for (int i = 0; i < count; i++) {
        PurgeScope scope = new PurgeScope.Tag("t".repeat(1 + random.nextInt(2_000)));
        Purge purge = new Purge(1 + random.nextLong(1L << 40), Optional.of("shop"), scope, true);
        purges.add(purge);
        frames.writeBytes(PurgeFrames.frame(SyncCodec.toBytes(purge)));
      }
      byte[] head = PurgeFrames.head(frames.size());
      assertTrue(head.length <= PurgeFrames.HEAD_BYTES);
      ByteArrayOutputStream message = new ByteArrayOutputStream();
      message.writeBytes(head);
      message.writeBytes(frames.toByteArray());

      FromControl.Purges meant = new FromControl.Purges(purges);
      assertEquals(SyncCodec.encode(meant), ControlMessage.parseFrom(message.toByteArray()));
    }
  }
}
