package dev.perigee.edge;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.util.function.LongSupplier;

/** How busy the node is since it was last asked; asked by one thread, once a second. */
final class LoadMeter {
  private static final double NANOS = 1e9;

  private final LongSupplier requests;
  private final LongSupplier nanos;
  private final OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
  private long lastRequests;
  private long lastNanos;

  LoadMeter(LongSupplier requests, LongSupplier nanos) {
    this.requests = requests;
    this.nanos = nanos;
    this.lastNanos = nanos.getAsLong();
  }

  double requestsPerSecond() {
    long now = nanos.getAsLong();
    long count = requests.getAsLong();
    double rate = (count - lastRequests) / Math.max(1e-3, (now - lastNanos) / NANOS);
    lastRequests = count;
    lastNanos = now;
    return rate;
  }

  /** Runnable threads of the machine by core, 0 idle to 1 full. */
  double load() {
    double average = Math.max(0, system.getSystemLoadAverage());
    return Math.min(1, average / system.getAvailableProcessors());
  }
}
