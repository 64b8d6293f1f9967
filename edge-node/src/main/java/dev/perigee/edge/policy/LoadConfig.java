package dev.perigee.edge.policy;

/**
 * How much of the node one site may have.
 *
 * @param siteRequests being answered
 * @param leastFetches under way that a site may always have
 * @param mostFetches under way, however fast its origins are
 * @param bytesPerSecond to its readers, where its owner says nothing else; 0 for any
 */
public record LoadConfig(int siteRequests, int leastFetches, int mostFetches, long bytesPerSecond) {
  /** For nodes with 100000 requests. */
  public static final LoadConfig DEFAULT = new LoadConfig(50_000, 1_000, 10_000, 0);
}
