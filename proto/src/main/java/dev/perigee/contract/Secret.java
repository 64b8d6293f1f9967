package dev.perigee.contract;

/**
 * A secret of a site's owner. It is written once and never shown: its text is its name's, so that
 * no log line of whatever holds it can give it away.
 *
 * @param value as it is used
 */
public record Secret(String value) {
  /** Nothing was given. */
  public static final Secret NONE = new Secret("");

  public boolean isNone() {
    return value.isEmpty();
  }

  @Override
  public String toString() {
    return isNone() ? "none" : "(secret)";
  }
}
