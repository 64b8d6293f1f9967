package dev.perigee.edge.origin;

import dev.perigee.edge.origin.pool.Breaker;
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
  TOTAL_TIMEOUT(504, "All attempts together took longer than the pool allows."),
  OVERLOADED(503, "The site's origins are pressed: with more to do they would be slower."),
  BUSY(503, "The node has as many origin connections open as it may."),
  POOL_REQUESTS(503, "The pool has as many requests under way as it may."),
  POOL_PENDING(503, "As many requests of the pool wait for a connection as may."),
  POOL_CONNECTIONS(503, "The pool has as many connections open as it may."),
  REQUEST_BODY(400, "The request's body broke off."),
  REQUEST_TIMEOUT(408, "The request's body came too slowly.");

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

  /** Whether the server is to blame, so that another may do better. */
  boolean isOfServer() {
    return switch (this) {
      case NAME,
          NAME_TIMEOUT,
          FORBIDDEN_ADDRESS,
          CONNECT_REFUSED,
          CONNECT_TIMEOUT,
          TLS,
          RESET,
          RESPONSE_TIMEOUT,
          BAD_RESPONSE ->
          true;
      case TOTAL_TIMEOUT,
          OVERLOADED,
          BUSY,
          POOL_REQUESTS,
          POOL_PENDING,
          POOL_CONNECTIONS,
          REQUEST_BODY,
          REQUEST_TIMEOUT ->
          false;
    };
  }

  /** What an open breaker fails with. */
  static FailureKind of(Breaker breaker) {
    return switch (breaker) {
      case CLOSED -> throw new IllegalArgumentException("no breaker is open");
      case REQUESTS -> POOL_REQUESTS;
      case PENDING -> POOL_PENDING;
      case CONNECTIONS -> POOL_CONNECTIONS;
    };
  }

  /** As it stands in the detail of Cache-Status, in metrics and logs. */
  public String token() {
    return "origin-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
