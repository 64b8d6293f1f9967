package dev.perigee.contract;

/**
 * A server of a pool.
 *
 * @param url where it is
 * @param weight its share beside the others of its tier, 1 to {@link Limits#SERVER_WEIGHT}
 * @param tier 0 is asked first; a higher one where no lower tier has servers enough
 */
public record PoolServer(OriginUrl url, int weight, int tier) {
  /** A server like any other. */
  public static PoolServer of(OriginUrl url) {
    return new PoolServer(url, 1, 0);
  }
}
