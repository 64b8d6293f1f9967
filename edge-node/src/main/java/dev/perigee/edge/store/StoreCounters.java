package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoreReason;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What happened since the start. */
final class StoreCounters {
  /** Bytes that wait to be written. */
  final AtomicLong queuedBytes = new AtomicLong();

  /** Objects that made room. */
  final LongAdder evictions = new LongAdder();

  /** Objects whose bytes or record were not what they should be: never served, forgotten. */
  final LongAdder broken = new LongAdder();

  /** Reads and writes that the disk refused. */
  final LongAdder faults = new LongAdder();

  private final Map<StoreReason, LongAdder> refusals = new EnumMap<>(StoreReason.class);

  StoreCounters() {
    for (StoreReason reason : StoreReason.values()) {
      refusals.put(reason, new LongAdder());
    }
  }

  void refused(StoreReason reason) {
    LongAdder counter = refusals.get(reason);
    if (counter != null) {
      counter.increment();
    }
  }

  Map<StoreReason, Long> refusals() {
    Map<StoreReason, Long> counts = new EnumMap<>(StoreReason.class);
    refusals.forEach((reason, counter) -> counts.put(reason, counter.sum()));
    return counts;
  }
}
