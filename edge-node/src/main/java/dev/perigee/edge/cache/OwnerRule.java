package dev.perigee.edge.cache;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CacheRule;
import dev.perigee.edge.request.FieldList;
import java.util.OptionalLong;

/**
 * What the site's owner has decided about one response; kept with it.
 *
 * @param overrides whether it stands in place of what the origin says, not only where that says
 *     nothing
 * @param forced whether it does so too where the origin forbids storing
 * @param ttlSeconds how long the response is fresh
 * @param staleWhileRevalidateSeconds how long past that it may be served while it is validated
 * @param staleIfErrorSeconds how long past that it may stand in for an origin that fails
 * @param heuristics whether a lifetime may be guessed
 */
public record OwnerRule(
    boolean overrides,
    boolean forced,
    OptionalLong ttlSeconds,
    OptionalLong staleWhileRevalidateSeconds,
    OptionalLong staleIfErrorSeconds,
    boolean heuristics) {
  /** Nothing decided. */
  public static final OwnerRule NONE =
      new OwnerRule(
          false, false, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), true);

  private static final OwnerRule NO_HEURISTICS =
      new OwnerRule(
          false, false, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), false);

  /** What the policy says of a response. */
  static OwnerRule of(CachePolicy policy, String target, int status, FieldList fields) {
    if (policy.rules().isEmpty()) {
      return policy.heuristics() ? NONE : NO_HEURISTICS;
    }
    return policy
        .rule(target, status, fields.first("Content-Type").orElse(""))
        .map(rule -> of(rule, policy.heuristics()))
        .orElse(policy.heuristics() ? NONE : NO_HEURISTICS);
  }

  private static OwnerRule of(CacheRule rule, boolean heuristics) {
    boolean overrides =
        rule.mode() == CacheRule.Mode.OVERRIDE || rule.mode() == CacheRule.Mode.FORCE;
    return new OwnerRule(
        overrides,
        rule.mode() == CacheRule.Mode.FORCE,
        rule.ttlSeconds(),
        rule.staleWhileRevalidateSeconds(),
        rule.staleIfErrorSeconds(),
        heuristics);
  }

  /** Whether the origin's lifetime and its demand to validate do not count. */
  boolean hasOwnLifetime() {
    return overrides && ttlSeconds.isPresent();
  }
}
