package dev.perigee.control.store;

import java.util.List;
import java.util.Set;

/**
 * What the database says of the zone beside sites and nodes.
 *
 * @param certificates hosts that the edges have one for
 * @param keys that sign the zone; they hold secrets
 */
public record Published(
    List<DnsChallenge> challenges, Set<String> certificates, List<DnsKey> keys) {
  /** An empty zone that is not signed. */
  public static final Published NOTHING = new Published(List.of(), Set.of(), List.of());

  /** Copies the collections. */
  public Published {
    challenges = List.copyOf(challenges);
    certificates = Set.copyOf(certificates);
    keys = List.copyOf(keys);
  }
}
