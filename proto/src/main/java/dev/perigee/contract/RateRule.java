package dev.perigee.contract;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How many of some of a site's requests are let in. It counts a request that fits <em>all</em> of
 * its conditions; an empty list is no condition. All rules that fit count, in their order, until
 * one refuses.
 *
 * @param name of the rule, a label, unique within the site
 * @param paths without the query: a whole path, {@code /prefix*} or {@code *.suffix}
 * @param methods such as {@code POST}
 * @param algorithm how is counted
 * @param requests that are let in within one window
 * @param windowSeconds the window
 * @param burst of a token bucket: how many may come at once; for sliding windows as {@code
 *     requests}
 * @param by what has a count of its own
 * @param field name of the header or cookie; empty for anything else
 * @param ipv6Prefix bits of an IPv6 address that count as one client's
 * @param action what becomes of a request too many
 * @param scope whether each node counts for itself
 * @param missesOnly whether only what the cache does not answer counts
 * @param shown whether answers say how many more requests are let in, and not only refusals
 */
public record RateRule(
    String name,
    List<String> paths,
    List<String> methods,
    Algorithm algorithm,
    long requests,
    long windowSeconds,
    long burst,
    By by,
    String field,
    int ipv6Prefix,
    Action action,
    Scope scope,
    boolean missesOnly,
    boolean shown) {
  /** What one customer of a network provider has (RFC 6177). */
  public static final int IPV6_PREFIX = 64;

  /** Copies the lists. */
  public RateRule {
    paths = List.copyOf(paths);
    methods = List.copyOf(methods);
  }

  /** How is counted. */
  public enum Algorithm {
    /** Tokens that come evenly and are kept up to the burst. */
    TOKEN_BUCKET,
    /** What was let in within the last window, the part of the one before by its share. */
    SLIDING_WINDOW;

    /** As it stands in JSON. */
    public String token() {
      return RateRule.token(this);
    }

    /** The one with this token. */
    public static Optional<Algorithm> of(String token) {
      return RateRule.of(values(), token);
    }
  }

  /** What has a count of its own. */
  public enum By {
    /** Nothing: all requests that fit count together. */
    ALL,
    /** The client's address, IPv6 by prefix. */
    ADDRESS,
    /** The value of a request field; all without it together. */
    HEADER,
    /** The value of a cookie; all without it together. */
    COOKIE,
    /** The path, without the query. */
    PATH,
    /** The country of the client's address. */
    COUNTRY,
    /** The bearer token (RFC 6750); all without one together. */
    TOKEN;

    /** As it stands in JSON. */
    public String token() {
      return RateRule.token(this);
    }

    /** The one with this token. */
    public static Optional<By> of(String token) {
      return RateRule.of(values(), token);
    }

    /** Whether one count is of one reader, as a rule, who comes to one node. */
    public boolean isOfReaders() {
      return switch (this) {
        case ALL, PATH, COUNTRY -> false;
        case ADDRESS, HEADER, COOKIE, TOKEN -> true;
      };
    }

    /** Whether it needs the name of a field. */
    public boolean isNamed() {
      return this == HEADER || this == COOKIE;
    }
  }

  /** What becomes of a request too many. */
  public enum Action {
    /** It gets 429. */
    BLOCK,
    /** It is let in and counted. */
    LOG;

    /** As it stands in JSON. */
    public String token() {
      return RateRule.token(this);
    }

    /** The one with this token. */
    public static Optional<Action> of(String token) {
      return RateRule.of(values(), token);
    }
  }

  /** Whose count it is. */
  public enum Scope {
    /** Each node's own. */
    NODE,
    /** That of all nodes together. */
    FLEET;

    /** As it stands in JSON. */
    public String token() {
      return RateRule.token(this);
    }

    /** The one with this token. */
    public static Optional<Scope> of(String token) {
      return RateRule.of(values(), token);
    }
  }

  private static String token(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static <E extends Enum<E>> Optional<E> of(E[] values, String token) {
    for (E value : values) {
      if (token(value).equals(token)) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  /**
   * Whether it counts a request. Makes no object.
   *
   * @param target path and query
   */
  public boolean appliesTo(String method, String target) {
    return (methods.isEmpty() || methods.contains(method))
        && (paths.isEmpty() || PathPattern.anyFitsPathOf(paths, target));
  }
}
