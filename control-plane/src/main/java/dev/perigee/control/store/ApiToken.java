package dev.perigee.control.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * A token of the API, without its secret.
 *
 * @param id a UUID
 * @param name for people: what holds it
 * @param organisation empty for an operator's
 * @param sites for which alone it is good; empty: all of the organisation
 * @param usedAt last, to the hour
 */
public record ApiToken(
    String id,
    String name,
    Role role,
    Optional<String> organisation,
    Optional<Set<String>> sites,
    Instant madeAt,
    Optional<Instant> expiresAt,
    Optional<Instant> revokedAt,
    Optional<Instant> usedAt) {
  /** Characters of a name. */
  public static final int NAME_LENGTH = 100;

  /** Sites that one may be limited to. */
  public static final int MOST_SITES = 100;

  /** Tokens of one organisation, and of the operators, that are not revoked. */
  public static final int MOST = 200;

  /** Copies the collection. */
  public ApiToken {
    sites = sites.map(Set::copyOf);
  }

  /** What its holder may know of. */
  public Purview purview() {
    return new Purview(organisation, sites);
  }

  /**
   * One that is wanted.
   *
   * @param life for which it is good; empty: until it is revoked
   */
  public record Wanted(
      String name,
      Role role,
      Optional<String> organisation,
      Optional<Set<String>> sites,
      Optional<Duration> life) {
    /** Copies the collection. */
    public Wanted {
      sites = sites.map(Set::copyOf);
    }
  }
}
