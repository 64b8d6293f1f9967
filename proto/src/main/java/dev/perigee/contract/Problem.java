package dev.perigee.contract;

/**
 * One thing wrong with what somebody sent.
 *
 * @param field where, as a path in the sender's own words, such as {@code origins[1].url}
 * @param reason what is wrong and what to do, a sentence
 */
public record Problem(String field, String reason) {
  @Override
  public String toString() {
    return field + ": " + reason;
  }
}
