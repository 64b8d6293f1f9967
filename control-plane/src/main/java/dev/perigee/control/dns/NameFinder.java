package dev.perigee.control.dns;

import org.jspecify.annotations.Nullable;

/**
 * Finds what a query's name is, and where in it its zone begins: this server's, or one that is a
 * site's own host. A view that is filled anew for each query.
 */
final class NameFinder {
  private final byte[] zone;
  private final byte[] scratch = new byte[Query.MAX_NAME];

  private Named found = Named.Bare.ELSEWHERE;
  private int apexAt;
  private boolean isOwn;
  private @Nullable Texts texts;

  /**
   * @param zone the zone's name in wire form
   */
  NameFinder(byte[] zone) {
    this.zone = zone;
  }

  /** What the name is. */
  Named found() {
    return found;
  }

  /** Where in the name its zone begins; 0 where the name is where it begins. */
  int apexAt() {
    return apexAt;
  }

  /** Its TXT records; null for none. */
  @Nullable Texts texts() {
    return texts;
  }

  /** Whether the zone that the name is in is this server's own. */
  boolean isOwnZone() {
    return isOwn;
  }

  /** Nothing was looked for yet. */
  void forget() {
    found = Named.Bare.ELSEWHERE;
    apexAt = 0;
    texts = null;
  }

  void find(Query query, Zone now) {
    isOwn = query.endsWith(zone);
    apexAt = isOwn ? query.nameLength - zone.length : 0;
    texts = now.texts().find(query.name, 0, query.nameLength);
    Named known = now.others().find(query.name, 0, query.nameLength);
    known = known == null ? now.sites().find(query.name, 0, query.nameLength) : known;
    known = known == null && isOwn ? nodeOfSite(query, now) : known;
    known = known == null ? wildcard(query, now) : known;
    known = known == null && !isOwn ? above(query, now) : known;
    found = known == null ? unknown() : known;
  }

  private Named unknown() {
    if (!isOwn) {
      return Named.Bare.ELSEWHERE;
    }
    return texts == null ? Named.Bare.NOTHING : Named.Bare.EMPTY;
  }

  /** {@code <node>.<site>.<zone>}. */
  private @Nullable Named nodeOfSite(Query query, Zone now) {
    if (query.labels < 3 || query.labelAt[2] != apexAt) {
      return null;
    }
    int node = query.labelAt[1];
    if (now.sites().find(query.name, node, query.nameLength - node) == null) {
      return null;
    }
    System.arraycopy(query.name, 0, scratch, 0, node);
    System.arraycopy(zone, 0, scratch, node, zone.length);
    Named named = now.others().find(scratch, 0, node + zone.length);
    return named instanceof Named.Fixed ? named : null;
  }

  /** One label below the name of a wildcard, or that name itself, where a zone begins. */
  private @Nullable Named wildcard(Query query, Zone now) {
    if (query.labels == 0) {
      return null;
    }
    int above = query.labels == 1 ? query.nameLength - 1 : query.labelAt[1];
    Named named = now.wildcards().find(query.name, above, query.nameLength - above);
    if (named != null) {
      apexAt = isOwn ? apexAt : above;
      return named;
    }
    boolean isAbove = now.wildcards().find(query.name, 0, query.nameLength) != null;
    return isAbove ? Named.Bare.EMPTY : null;
  }

  /** Below a zone that begins at a site's own host there is nothing else. */
  private @Nullable Named above(Query query, Zone now) {
    for (int i = 1; i < query.labels; i++) {
      int at = query.labelAt[i];
      int length = query.nameLength - at;
      boolean begins =
          now.sites().find(query.name, at, length) != null
              || now.wildcards().find(query.name, at, length) != null;
      if (begins) {
        apexAt = at;
        return texts == null ? Named.Bare.NOTHING : Named.Bare.EMPTY;
      }
    }
    return null;
  }
}
