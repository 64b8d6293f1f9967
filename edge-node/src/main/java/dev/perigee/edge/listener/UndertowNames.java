package dev.perigee.edge.listener;

import io.undertow.util.HttpString;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Undertow's form of field names. Made anew for each field of each message, and by Undertow itself
 * for each look-up by a string, they were a third of what a hit left to the collector.
 */
final class UndertowNames {
  /** Names that are kept; those of this node's own code, which come first, are far fewer. */
  private static final int MOST = 4096;

  private static final Map<String, HttpString> KNOWN = new ConcurrentHashMap<>();

  private UndertowNames() {}

  static HttpString of(String name) {
    HttpString known = KNOWN.get(name);
    return known == null ? made(name) : known;
  }

  private static HttpString made(String name) {
    HttpString made = HttpString.tryFromString(name);
    if (KNOWN.size() < MOST) {
      KNOWN.put(name, made);
    }
    return made;
  }
}
