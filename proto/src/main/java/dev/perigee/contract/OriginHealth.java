package dev.perigee.contract;

import java.util.List;

/**
 * How the servers of a site are doing, as one node sees them.
 *
 * @param site its id
 * @param servers of all its pools
 */
public record OriginHealth(String site, List<Server> servers) {
  /** Copies the list. */
  public OriginHealth {
    servers = List.copyOf(servers);
  }

  /**
   * One server.
   *
   * @param standing {@code well}, or why it is not asked
   * @param check what the last health check came to; empty where it is not checked
   * @param active requests under way
   * @param latencyMicros to the head of an answer, as a moving average
   * @param requests ever
   * @param failures of them: no answer, or one of 5xx
   */
  public record Server(
      String pool,
      String url,
      String standing,
      String check,
      int active,
      long latencyMicros,
      long requests,
      long failures) {}
}
