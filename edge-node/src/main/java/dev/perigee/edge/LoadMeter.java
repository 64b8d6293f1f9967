package dev.perigee.edge;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.util.function.LongSupplier;

/** How busy the node is since it was last asked; asked by one thread, once a second. */
final class LoadMeter {
  private static final double NANOS = 1e9;

  private final LongSupplier requests;
  private final LongSupplier nanos;
  private final double full;
  private final OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
  private long lastRequests;
  private long lastNanos;

  /**
   * One that was never asked.
   *
   * @param full the machine's load average at which the node has no room
   */
  LoadMeter(LongSupplier requests, LongSupplier nanos, double full) {
    this.requests = requests;
    this.nanos = nanos;
    this.full = full;
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

  /** Runnable threads of the machine, 0 idle to 1 full. */
  double load() {
    return Math.min(1, Math.max(0, system.getSystemLoadAverage()) / full);
  }
}
