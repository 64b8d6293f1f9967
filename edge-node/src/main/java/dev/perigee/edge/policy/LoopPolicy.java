package dev.perigee.edge.policy;

import dev.perigee.edge.request.Fields;

/**
 * Finds out whether a request has been through this network before, by CDN-Loop (RFC 8586), which
 * every network must leave as it is, and by Via, where something on the way took CDN-Loop out.
 *
 * <p>One pass is a loop. Nodes that ask each other do not count: by the certificate of who asks
 * they know it, and not by anything in a field, so what comes from a node is not asked here.
 */
final class LoopPolicy {
  /** How often Via may name the network: it names software as often as networks. */
  private static final int MAX_VIA = 8;

  private final String pseudonym;

  LoopPolicy(String pseudonym) {
    this.pseudonym = pseudonym;
  }

  boolean isLoop(Fields fields) {
    for (String line : fields.all("CDN-Loop")) {
      if (names(line)) {
        return true;
      }
    }
    return hops(fields) >= MAX_VIA;
  }

  /** Whether one element's id is ours; a comma or semicolon in a quoted value divides nothing. */
  private boolean names(String line) {
    int start = 0;
    boolean isId = true;
    boolean quoted = false;
    for (int i = 0; i <= line.length(); i++) {
      char c = i == line.length() ? ',' : line.charAt(i);
      if (quoted && i < line.length()) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',' || c == ';') {
        if (isId && line.substring(start, i).strip().equalsIgnoreCase(pseudonym)) {
          return true;
        }
        isId = c == ',';
        start = i + 1;
      }
    }
    return false;
  }

  private int hops(Fields fields) {
    int hops = 0;
    for (String line : fields.all("Via")) {
      for (String hop : line.split(",", -1)) {
        hops += hop.strip().endsWith(" " + pseudonym) ? 1 : 0;
      }
    }
    return hops;
  }
}
