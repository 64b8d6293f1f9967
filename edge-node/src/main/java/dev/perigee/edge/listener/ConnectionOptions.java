package dev.perigee.edge.listener;

import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.util.Locale;
import java.util.Set;

/**
 * Takes out of a request what its Connection field names (RFC 9110, section 7.6.1), before anybody
 * looks at it: a field that the origin never gets must not tell stored responses apart either, or
 * one client could store under another's variant what the origin gave to nobody in particular.
 */
final class ConnectionOptions {
  /** Framing and routing are read already, and no client may cut its own traces. */
  private static final Set<String> STAYS =
      Set.of(
          "host",
          "content-length",
          "transfer-encoding",
          "connection",
          "expect",
          "upgrade",
          "http2-settings",
          "te",
          "trailer",
          "via",
          "cdn-loop",
          "max-forwards",
          "cache-control",
          "pragma",
          "keep-alive",
          "close");

  private ConnectionOptions() {}

  static void takeOut(HeaderMap headers) {
    HeaderValues lines = headers.get(Headers.CONNECTION);
    if (lines == null) {
      return;
    }
    for (String line : lines.toArray()) {
      for (String option : line.split(",", -1)) {
        String name = option.strip().toLowerCase(Locale.ROOT);
        if (!name.isEmpty() && !STAYS.contains(name)) {
          headers.remove(name);
        }
      }
    }
  }
}
