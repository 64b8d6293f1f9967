package dev.perigee.edge.limit;

/** What the rate limits of its site say of a request. */
public sealed interface Ruling {
  /** It is let in, and nobody is told anything. */
  LetIn LET_IN = new LetIn("", "", "");

  /**
   * It is let in.
   *
   * @param policy value of {@code RateLimit-Policy}; empty where no limit is shown
   * @param state value of {@code RateLimit}, likewise
   * @param over name of the limit that it is over and that only logs; empty for none
   */
  record LetIn(String policy, String state, String over) implements Ruling {}

  /**
   * It is one too many.
   *
   * @param policy value of {@code RateLimit-Policy}
   * @param state value of {@code RateLimit}
   * @param rule name of the limit
   * @param retrySeconds after which the next one is let in
   */
  record Refused(String policy, String state, String rule, long retrySeconds) implements Ruling {}
}
