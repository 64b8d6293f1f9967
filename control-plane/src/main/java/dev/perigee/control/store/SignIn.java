package dev.perigee.control.store;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Whom the OpenID provider names so may sign in at the console, as this.
 *
 * @param id a UUID
 * @param role of the tokens that such a person gets
 * @param organisation empty for operators
 * @param sites for which alone they are good; empty: all of the organisation
 */
public record SignIn(
    String id,
    Claim claim,
    String value,
    Role role,
    Optional<String> organisation,
    Optional<Set<String>> sites,
    Instant madeAt) {
  /** Characters of a value. */
  public static final int VALUE_LENGTH = 255;

  /** How many there may be. */
  public static final int MOST = 1000;

  /** What a provider says of a person: OpenID Connect Core 1.0, section 5.1. */
  public enum Claim {
    /** The provider's own name for the person, which never changes. */
    SUB,
    /** An address that the provider has verified. */
    EMAIL,
    /** One of the person's groups. */
    GROUP;

    /** As the API and the database have it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The one of that word. */
    public static Optional<Claim> of(String word) {
      for (Claim claim : values()) {
        if (claim.word().equals(word)) {
          return Optional.of(claim);
        }
      }
      return Optional.empty();
    }
  }

  /** Copies the collection. */
  public SignIn {
    sites = sites.map(Set::copyOf);
  }

  /** One that is wanted. */
  public record Wanted(
      Claim claim,
      String value,
      Role role,
      Optional<String> organisation,
      Optional<Set<String>> sites) {
    /** Copies the collection. */
    public Wanted {
      sites = sites.map(Set::copyOf);
    }
  }
}
