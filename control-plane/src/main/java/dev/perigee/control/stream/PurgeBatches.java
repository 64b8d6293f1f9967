package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SyncCodec;
import java.util.ArrayList;
import java.util.List;

/** Purges cut into messages by their encoded size: an edge refuses one that is too large. */
final class PurgeBatches {
  /** Tag and length of one purge in its message. */
  private static final int FRAMING = 8;

  private static final int BATCH_BYTES = Limits.MESSAGE_BYTES - 1024;

  private PurgeBatches() {}

  /** The same purges in the same order, in as few messages as hold them. */
  static List<FromControl.Purges> of(List<Purge> purges) {
    List<FromControl.Purges> batches = new ArrayList<>();
    List<Purge> batch = new ArrayList<>();
    int bytes = 0;
    for (Purge purge : purges) {
      int size = SyncCodec.encode(purge).getSerializedSize() + FRAMING;
      if (!batch.isEmpty() && bytes + size > BATCH_BYTES) {
        batches.add(new FromControl.Purges(batch));
        batch.clear();
        bytes = 0;
      }
      batch.add(purge);
      bytes += size;
    }
    if (!batch.isEmpty()) {
      batches.add(new FromControl.Purges(batch));
    }
    return batches;
  }
}
