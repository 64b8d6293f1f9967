package dev.perigee.contract;

import java.util.List;

/**
 * Which paths go to a pool.
 *
 * @param paths whole, {@code /prefix*} or {@code *.suffix}; without the query
 * @param pool its name
 */
public record PoolRoute(List<String> paths, String pool) {
  /** Copies the list. */
  public PoolRoute {
    paths = List.copyOf(paths);
  }

  /**
   * Whether it fits.
   *
   * @param target of the request, path and query
   */
  public boolean fits(String target) {
    return PathPattern.anyFits(paths, PathPattern.path(target));
  }
}
