package dev.perigee.contract;

import java.util.Locale;
import java.util.Optional;

/**
 * Which server of a pool is asked.
 *
 * @param algorithm how
 * @param hashBy what {@link Algorithm#HASH} hashes
 * @param hashName of the header (in lower case) or cookie that is hashed; empty for the others
 * @param sticky a cookie by which a reader stays at a server; empty for none
 */
public record Balance(
    Algorithm algorithm, HashBy hashBy, String hashName, Optional<StickyCookie> sticky) {
  /** In turn, by weight. */
  public static final Balance DEFAULT =
      new Balance(Algorithm.ROUND_ROBIN, HashBy.URL, "", Optional.empty());

  /** How a server is chosen. */
  public enum Algorithm {
    /** In turn, by weight. */
    ROUND_ROBIN,
    /** Of two drawn by weight the one with fewer requests under way for its weight. */
    LEAST_REQUESTS,
    /** Of two drawn by weight the one that answers sooner, by a peak-sensitive moving average. */
    LATENCY,
    /** The same one for the same hash, unless it has more than its share. */
    HASH;

    /** As it stands in JSON. */
    public String token() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The one with this token. */
    public static Optional<Algorithm> of(String token) {
      for (Algorithm algorithm : values()) {
        if (algorithm.token().equals(token)) {
          return Optional.of(algorithm);
        }
      }
      return Optional.empty();
    }
  }

  /** What is hashed. */
  public enum HashBy {
    URL,
    CLIENT,
    HEADER,
    COOKIE;

    /** As it stands in JSON. */
    public String token() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it needs a name. */
    public boolean isNamed() {
      return this == HEADER || this == COOKIE;
    }

    /** The one with this token. */
    public static Optional<HashBy> of(String token) {
      for (HashBy by : values()) {
        if (by.token().equals(token)) {
          return Optional.of(by);
        }
      }
      return Optional.empty();
    }
  }
}
