package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Purges in batches are all the purges in order, and no batch is too large to send. */
final class PurgeBatchesTest {
  @Test
  void noPurgesAreNoMessage() {
    assertEquals(List.of(), PurgeBatches.of(List.of()));
  }

  @Test
  void everyBatchFitsIntoAMessageAndTheOrderStays() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<Purge> purges = new ArrayList<>();
    for (int i = 1; i <= 500; i++) {
      String target = "/" + "x".repeat(random.nextInt(Limits.TARGET_LENGTH));
      PurgeScope scope = new PurgeScope.Url("shop.example", target);
      purges.add(new Purge(i, Optional.of("shop"), scope, false));
    }

    List<FromControl.Purges> batches = PurgeBatches.of(purges);

    assertEquals(purges, batches.stream().flatMap(b -> b.purges().stream()).toList());
    for (FromControl.Purges batch : batches) {
      int size = SyncCodec.encode(batch).getSerializedSize();
      assertTrue(size <= Limits.MESSAGE_BYTES, "a batch of " + size + " bytes");
    }
  }

  @Test
  void smallPurgesShareOneMessage() {
    List<Purge> purges = new ArrayList<>();
    for (int i = 1; i <= 500; i++) {
      purges.add(new Purge(i, Optional.of("shop"), new PurgeScope.Tag("t" + i), true));
    }
    assertEquals(List.of(new FromControl.Purges(purges)), PurgeBatches.of(purges));
  }
}
