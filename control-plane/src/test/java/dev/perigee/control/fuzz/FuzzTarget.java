package dev.perigee.control.fuzz;

import dev.perigee.control.dns.QueryFuzz;
import java.nio.file.Path;

/** What reads bytes that nobody vouches for, each with its corpus. */
enum FuzzTarget {
  DNS_QUERY(QueryFuzz.class);

  private final Class<?> target;

  FuzzTarget(Class<?> target) {
    this.target = target;
  }

  String className() {
    return target.getName();
  }

  /** Inputs that are worth trying always: one of each kind, and whatever a fuzzer has found. */
  Path corpus() {
    return Path.of("src/test/resources/fuzz", target.getSimpleName()).toAbsolutePath();
  }

  void run(byte[] input) {
    switch (this) {
      case DNS_QUERY -> QueryFuzz.fuzzerTestOneInput(input);
    }
  }
}
