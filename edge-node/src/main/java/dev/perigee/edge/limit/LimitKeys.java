package dev.perigee.edge.limit;

import dev.perigee.contract.RateRule;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.table.SipHash;

/**
 * What a request counts as by a rule: a keyed hash, so that nobody can look for clients that count
 * together, and no value of a reader is kept or told to anybody.
 *
 * @param first half of the hash's key
 * @param second the other half
 */
record LimitKeys(long first, long second) {
  private static final String BEARER = "Bearer ";

  /** The hash of all requests that a rule counts, the same on every node with this key. */
  long all(String site, RateRule rule) {
    SipHash hash = new SipHash(first, second).add(site).add(rule.name());
    hash.add(rule.algorithm().token()).add(rule.by().token()).add(rule.field());
    hash.add(rule.requests()).add(rule.windowSeconds()).add(rule.burst()).add(rule.ipv6Prefix());
    return CounterTable.usable(hash.end());
  }

  /**
   * The hash of what the request counts as.
   *
   * @param seed what {@link #all} gives for the rule
   */
  long of(RateRule rule, long seed, RequestHead request, ClientPlace place) {
    return switch (rule.by()) {
      case ALL -> seed;
      case ADDRESS -> of(seed, AddressBits.of(request.client(), rule.ipv6Prefix()));
      case HEADER -> of(seed, first(request.fields(), rule.field()));
      case COOKIE -> cookie(seed, request.fields(), rule.field());
      case PATH -> of(seed, request.target(), 0, pathEnd(request.target()));
      case COUNTRY -> of(seed, place.country());
      case TOKEN -> bearer(seed, first(request.fields(), "Authorization"));
    };
  }

  private long of(long seed, long number) {
    return CounterTable.usable(SipHash.of(first, second, seed ^ number, "", 0, 0));
  }

  private long of(long seed, String text) {
    return of(seed, text, 0, text.length());
  }

  private long of(long seed, String text, int from, int to) {
    return CounterTable.usable(SipHash.of(first, second, seed, text, from, to));
  }

  private static String first(Fields fields, String name) {
    return fields.first(name).orElse("");
  }

  private static int pathEnd(String target) {
    int query = target.indexOf('?');
    return query < 0 ? target.length() : query;
  }

  /** The scheme is compared without case (RFC 9110, section 11.1). */
  private long bearer(long seed, String credentials) {
    boolean isBearer = credentials.regionMatches(true, 0, BEARER, 0, BEARER.length());
    int from = isBearer ? BEARER.length() : credentials.length();
    while (from < credentials.length() && credentials.charAt(from) == ' ') {
      from++;
    }
    return of(seed, credentials, from, credentials.length());
  }

  /** The value of the first cookie with this name (RFC 6265, section 4.2.1). */
  private long cookie(long seed, Fields fields, String name) {
    for (String line : fields.all("Cookie")) {
      for (int at = 0; at < line.length(); ) {
        int semicolon = line.indexOf(';', at);
        int end = semicolon < 0 ? line.length() : semicolon;
        int equals = line.indexOf('=', at);
        if (equals > at && equals < end && isNamed(line, at, equals, name)) {
          return of(seed, line, equals + 1, end);
        }
        at = end + 1;
      }
    }
    return of(seed, "");
  }

  private static boolean isNamed(String line, int from, int equals, String name) {
    int at = from;
    while (at < equals && line.charAt(at) == ' ') {
      at++;
    }
    return equals - at == name.length() && line.regionMatches(at, name, 0, name.length());
  }
}
