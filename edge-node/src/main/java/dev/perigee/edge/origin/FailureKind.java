package dev.perigee.edge.origin;

import java.util.Locale;

/** Why an origin gave no answer. */
public enum FailureKind {
  NAME(502, "The origin's name could not be resolved."),
  NAME_TIMEOUT(504, "The origin's name was not resolved in time."),
  FORBIDDEN_ADDRESS(
      502, "The origin's address is not of the public internet, nor one that this node allows."),
  CONNECT_REFUSED(502, "The origin refused the connection."),
  CONNECT_TIMEOUT(504, "The origin did not accept the connection in time."),
  TLS(502, "The origin's certificate or handshake is not acceptable."),
  RESET(502, "The origin closed the connection before its answer was whole."),
  RESPONSE_TIMEOUT(504, "The origin did not begin to answer in time."),
  BAD_RESPONSE(502, "The origin's answer breaks HTTP."),
  BUSY(503, "The node has as many origin connections open as it may."),
  REQUEST_BODY(400, "The request's body broke off.");

  private final int status;
  private final String sentence;

  FailureKind(int status, String sentence) {
    this.status = status;
    this.sentence = sentence;
  }

  /** The status to answer with where nothing else can be served. */
  public int status() {
    return status;
  }

  public String sentence() {
    return sentence;
  }

  /** As it stands in the detail of Cache-Status, in metrics and logs. */
  public String token() {
    return "origin-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
