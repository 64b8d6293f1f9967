package dev.perigee.edge.limit;

import dev.perigee.contract.RateRule;

/**
 * The fields {@code RateLimit-Policy} and {@code RateLimit} (draft-ietf-httpapi-ratelimit-headers),
 * lists of structured fields (RFC 9651): {@code "login";q=5;w=60} and {@code "login";r=3;t=24}. A
 * rule's name is a label, so nothing in it needs an escape.
 */
final class RateFields {
  private static final long NANOS = 1_000_000_000;

  private final StringBuilder policy = new StringBuilder();
  private final StringBuilder state = new StringBuilder();

  /**
   * Adds one limit.
   *
   * @param left how many more are let in
   * @param nanos until there are more
   */
  void add(RateRule rule, long left, long nanos) {
    begin(policy, rule).append(";q=").append(rule.requests());
    policy.append(";w=").append(rule.windowSeconds());
    begin(state, rule).append(";r=").append(left).append(";t=").append(seconds(nanos));
  }

  private static StringBuilder begin(StringBuilder out, RateRule rule) {
    return out.append(out.isEmpty() ? "" : ", ").append('"').append(rule.name()).append('"');
  }

  /** Whole seconds, none of them too few. */
  static long seconds(long nanos) {
    return (nanos + NANOS - 1) / NANOS;
  }

  String policy() {
    return policy.toString();
  }

  String state() {
    return state.toString();
  }
}
