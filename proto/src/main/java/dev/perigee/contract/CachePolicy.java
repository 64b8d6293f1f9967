package dev.perigee.contract;

import java.util.List;
import java.util.Optional;

/**
 * What a site's owner decides about caching on top of what origins and readers say.
 *
 * @param rules the first that applies to a response decides
 * @param heuristics whether the lifetime of a response without one is guessed (RFC 9111, section
 *     4.2.2)
 * @param key what tells responses apart
 * @param collapseWaitMillis how long a request waits for another's answer before it goes itself
 * @param collapseAgeMillis how old a fetch without an answer may be for others to wait for it
 * @param storeSharePercent of every node's store that is the site's alone
 * @param storeCapPercent of every node's store that the site may take at most
 * @param setCookie whether responses that set a cookie are stored
 */
public record CachePolicy(
    List<CacheRule> rules,
    boolean heuristics,
    KeyRule key,
    long collapseWaitMillis,
    long collapseAgeMillis,
    int storeSharePercent,
    int storeCapPercent,
    SetCookie setCookie) {
  /** Waits for as long as an origin may take. */
  public static final long COLLAPSE_MILLIS = 10_000;

  /** Nothing on top. */
  public static final CachePolicy DEFAULT =
      new CachePolicy(
          List.of(),
          true,
          KeyRule.DEFAULT,
          COLLAPSE_MILLIS,
          COLLAPSE_MILLIS,
          0,
          100,
          SetCookie.EXPLICIT);

  /** Copies the list. */
  public CachePolicy {
    rules = List.copyOf(rules);
  }

  /** The rule that decides about a response. */
  public Optional<CacheRule> rule(String target, int status, String contentType) {
    for (CacheRule rule : rules) {
      if (rule.appliesTo(target, status, contentType)) {
        return Optional.of(rule);
      }
    }
    return Optional.empty();
  }
}
