package dev.perigee.contract;

/**
 * How long an origin may take. 0 is the node's own setting.
 *
 * @param connectMillis for name, connection and handshake of one attempt
 * @param responseMillis from the end of a request to the head of the answer, of one attempt
 * @param idleMillis between two parts of a body
 * @param totalMillis for all attempts together, until the head of the answer; 0 for no limit
 */
public record OriginTimeouts(
    long connectMillis, long responseMillis, long idleMillis, long totalMillis) {
  /** What is taken where the owner names nothing. */
  public static final OriginTimeouts DEFAULT = new OriginTimeouts(0, 0, 0, 60_000);
}
