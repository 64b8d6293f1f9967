package dev.perigee.edge.origin.pool;

import java.util.Locale;

/** What a health check came to. */
public enum CheckResult {
  PASSED("It is well."),
  NAME("Its name cannot be resolved."),
  FORBIDDEN_ADDRESS("Its address is private and this node does not allow those."),
  CONNECT("It accepts no connection."),
  TLS("Its certificate or handshake is not acceptable."),
  TIMEOUT("It took longer than the check allows."),
  BAD_RESPONSE("It answers, but not in HTTP."),
  STATUS("It answers with a status that is not wanted."),
  BODY("The wanted text is not in its answer.");

  private final String sentence;

  CheckResult(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }

  /** As it stands in reports. */
  public String token() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
