package dev.perigee.contract;

/**
 * When a server is left alone for a while for what it answered. 0 switches a rule off.
 *
 * @param serverErrors answers of 5xx in a row
 * @param gatewayFailures failures in a row: no connection, a broken one, a time-out, 502 to 504
 * @param successPoints per cent of requests by which its success lies below the pool's median
 * @param latencyPercent of the pool's median time to the head of an answer
 * @param intervalMillis over which success and latency are compared
 * @param minimumRequests of a server in it, for the server to be compared
 * @param baseMillis of the first time; the second is twice as long, the third thrice
 * @param maxMillis of any time
 * @param maxPercent of the pool's servers that may be left alone at a time; one always may
 * @param panicPercent of a tier's servers: where fewer are well, illness no longer counts
 */
public record Ejection(
    int serverErrors,
    int gatewayFailures,
    int successPoints,
    int latencyPercent,
    long intervalMillis,
    int minimumRequests,
    long baseMillis,
    long maxMillis,
    int maxPercent,
    int panicPercent) {
  /** What is taken where the owner names nothing. */
  public static final Ejection DEFAULT =
      new Ejection(5, 5, 30, 0, 10_000, 20, 10_000, 300_000, 50, 30);
}
