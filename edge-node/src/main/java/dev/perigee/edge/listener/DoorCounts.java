package dev.perigee.edge.listener;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** How often the door did what. */
final class DoorCounts {
  private final Map<DoorReason, LongAdder> counts = new EnumMap<>(DoorReason.class);

  DoorCounts() {
    for (DoorReason reason : DoorReason.values()) {
      counts.put(reason, new LongAdder());
    }
  }

  void count(DoorReason reason) {
    LongAdder count = counts.get(reason);
    if (count != null) {
      count.increment();
    }
  }

  long of(DoorReason reason) {
    LongAdder count = counts.get(reason);
    return count == null ? 0 : count.sum();
  }
}
