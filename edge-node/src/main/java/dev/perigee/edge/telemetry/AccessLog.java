package dev.perigee.edge.telemetry;

import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes one line for each request through the logger {@code access}. */
public final class AccessLog implements RequestObserver {
  private static final Logger LOG = LoggerFactory.getLogger("access");
  private static final long NANOS_PER_MICRO = 1_000;

  @Override
  public void ended(RequestRecord r) {
    LOG.info(
        "id={} client={} country={} asn={} method={} scheme={} host={} target=\"{}\" site={}"
            + " status={} bytes={} micros={} outcome={} reason={} limit={}",
        r.id(),
        r.client(),
        r.place().country(),
        system(r.place().system()),
        safe(r.method()),
        r.scheme(),
        safe(r.host()),
        safe(r.target()),
        r.site().isEmpty() ? "-" : r.site(),
        r.status(),
        r.bytes(),
        r.nanos() / NANOS_PER_MICRO,
        r.outcome().word(),
        r.reason().isEmpty() ? "-" : safe(r.reason()),
        r.limit().isEmpty() ? "-" : r.limit());
  }

  private static String system(OptionalLong number) {
    return number.isPresent() ? Long.toString(number.getAsLong()) : "-";
  }

  /** What readers sent must not end a line or a quoted field. */
  static String safe(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.chars().forEach(c -> out.append(c < ' ' || c == '"' || c > '~' ? '?' : (char) c));
    return out.toString();
  }
}
