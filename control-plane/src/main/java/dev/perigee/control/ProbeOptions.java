package dev.perigee.control;

import dev.perigee.control.probe.ProbeConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How often the nodes' ports for readers are probed. */
final class ProbeOptions {
  @Option(
      names = "--probe-interval",
      defaultValue = "1000",
      description = {
        "milliseconds from one probe of a node's port for readers to the next; ${DEFAULT-VALUE}.",
        "0: none are made, and nodes are judged by their streams alone"
      })
  long interval;

  @Option(
      names = "--probe-timeout",
      defaultValue = "800",
      description = {
        "milliseconds for one answer, at most the interval; ${DEFAULT-VALUE}. A node that gives",
        "none twice in a row is down, once most control planes say so"
      })
  long timeout;

  @Option(
      names = "--probe-connections",
      defaultValue = "16384",
      description = "of probes, open at one time; ${DEFAULT-VALUE}")
  int connections;

  /** The probes to be made, where there are to be any. */
  Optional<ProbeConfig> config() throws IOException {
    if (interval == 0) {
      return Optional.empty();
    }
    try {
      Duration every = Duration.ofMillis(interval);
      return Optional.of(new ProbeConfig(every, Duration.ofMillis(timeout), connections));
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "--probe-interval, --probe-timeout, --probe-connections: " + e.getMessage(), e);
    }
  }

  /** What is in force. */
  String effective() {
    return interval == 0
        ? "probes=none"
        : "probes-ms=interval:%d,timeout:%d probe-connections=%d"
            .formatted(interval, timeout, connections);
  }
}
