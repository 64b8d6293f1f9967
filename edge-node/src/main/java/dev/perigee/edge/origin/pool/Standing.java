package dev.perigee.edge.origin.pool;

import java.util.Locale;

/** Whether a server is asked, as this node sees it. */
public enum Standing {
  WELL("Is asked."),
  CHECK_FAILED("Fails its health check."),
  SERVER_ERRORS("Answered with 5xx too often in a row."),
  GATEWAY_FAILURES("Gave no answer too often in a row."),
  SUCCESS_OUTLIER("Succeeds far less often than the others of its pool."),
  LATENCY_OUTLIER("Answers far more slowly than the others of its pool."),
  RETRY_AFTER("Asked for a pause (503 with Retry-After).");

  private final String sentence;

  Standing(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }

  /** As it stands in metrics and reports. */
  public String token() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
