package dev.perigee.control.probe;

import java.time.Duration;

/**
 * How nodes are probed. A node that dies fails two probes within {@code interval} + 2 × {@code
 * timeout}, and a tenth of the interval for chance.
 *
 * @param interval from one probe of a node to the next
 * @param timeout for the answer to one, from connecting on
 * @param connections open at one time
 */
public record ProbeConfig(Duration interval, Duration timeout, int connections) {
  private static final Duration LEAST = Duration.ofMillis(100);
  private static final Duration MOST = Duration.ofSeconds(60);

  public ProbeConfig {
    require(interval.compareTo(LEAST) >= 0 && interval.compareTo(MOST) <= 0, "the interval");
    require(timeout.compareTo(LEAST) >= 0 && timeout.compareTo(interval) <= 0, "the time-out");
    if (connections < 1) {
      throw new IllegalArgumentException("at least 1 connection is open at one time");
    }
  }

  private static void require(boolean sound, String what) {
    if (!sound) {
      throw new IllegalArgumentException(
          what
              + " of probes is from %d ms to %s"
                  .formatted(
                      LEAST.toMillis(),
                      what.endsWith("interval") ? MOST.toMillis() + " ms" : "the interval"));
    }
  }
}
