package dev.perigee.control.pki;

/** The bearer tokens that the API accepts. */
public interface OperatorTokens {
  /** Whether the token is an operator's; takes the same time for any. */
  boolean isValid(String token);
}
