package dev.perigee.edge.origin.pool;

import java.util.List;
import java.util.Optional;

/** The pairs of Cookie lines (RFC 6265, section 4.2). */
final class CookiePairs {
  private CookiePairs() {}

  /** The value of the first cookie with this name. */
  static Optional<String> value(List<String> lines, String name) {
    for (String line : lines) {
      for (String pair : line.split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
          return Optional.of(pair.substring(equals + 1).strip());
        }
      }
    }
    return Optional.empty();
  }
}
