package dev.perigee.contract;

import java.util.Locale;
import java.util.Optional;

/**
 * Whether responses that set a cookie are stored. To a cache the field is one like any other (RFC
 * 9111, section 7.3), but whoever gets a stored one gets the cookie of the first reader.
 */
public enum SetCookie {
  /** Where the response says in so many words that it is for everybody: public or s-maxage. */
  EXPLICIT,
  /** Never. */
  NEVER,
  /** As any other response. */
  AS_ANY;

  /** As it stands in JSON. */
  public String token() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The one with this token. */
  public static Optional<SetCookie> of(String token) {
    for (SetCookie choice : values()) {
      if (choice.token().equals(token)) {
        return Optional.of(choice);
      }
    }
    return Optional.empty();
  }
}
