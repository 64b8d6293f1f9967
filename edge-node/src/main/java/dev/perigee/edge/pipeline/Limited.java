package dev.perigee.edge.pipeline;

import dev.perigee.edge.limit.Ruling;
import dev.perigee.edge.request.FieldList;

/**
 * What rate limits have said of a request so far, and readers are told.
 *
 * @param missed whether those were asked, too, that count what the cache does not answer
 * @param policy value of {@code RateLimit-Policy}; empty for none
 * @param state value of {@code RateLimit}; empty for none
 * @param over name of a limit that the request is over; empty for none
 * @param retrySeconds value of {@code Retry-After}; 0 for none
 */
record Limited(boolean missed, String policy, String state, String over, long retrySeconds) {
  /** Nothing was said. */
  static final Limited NOT = new Limited(false, "", "", "", 0);

  /** There is nothing more to be said. */
  static final Limited ENOUGH = new Limited(true, "", "", "", 0);

  /** With what was said besides. */
  Limited with(Ruling ruling, boolean miss) {
    return switch (ruling) {
      case Ruling.LetIn let ->
          let.equals(Ruling.LET_IN) && missed == miss
              ? this
              : new Limited(
                  miss,
                  joined(policy, let.policy()),
                  joined(state, let.state()),
                  over.isEmpty() ? let.over() : over,
                  0);
      case Ruling.Refused refused ->
          new Limited(
              miss,
              joined(policy, refused.policy()),
              joined(state, refused.state()),
              refused.rule(),
              refused.retrySeconds());
    };
  }

  private static String joined(String one, String other) {
    return one.isEmpty() || other.isEmpty() ? one + other : one + ", " + other;
  }

  /** Whether readers are told nothing. */
  boolean isSilent() {
    return policy.isEmpty() && retrySeconds == 0;
  }

  void addTo(FieldList.Builder fields) {
    if (!policy.isEmpty()) {
      fields.add("RateLimit-Policy", policy).add("RateLimit", state);
    }
    if (retrySeconds > 0) {
      fields.set("Retry-After", Long.toString(retrySeconds));
    }
  }
}
