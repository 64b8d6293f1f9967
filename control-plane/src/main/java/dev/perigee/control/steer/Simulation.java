package dev.perigee.control.steer;

import java.util.List;

/**
 * How many clients share the nodes as things are, and with some nodes gone.
 *
 * @param clients how many
 * @param shares of each node, by name
 */
public record Simulation(int clients, Distances before, Distances after, List<Share> shares) {
  /** Clients of every country together. */
  static final int WORLD = 100_000;

  /** Clients that may be given: as many as one request of the API holds. */
  public static final int GIVEN = 20_000;

  public Simulation {
    shares = List.copyOf(shares);
  }

  /**
   * How far clients go.
   *
   * @param medianKm of those whose position is known; −1 where it is of none
   * @param p95Km 95 of 100 go no farther
   * @param unanswered clients that no node is for
   */
  public record Distances(long medianKm, long p95Km, int unanswered) {}

  /**
   * A node's clients.
   *
   * @param before how many go to it as things are
   * @param after how many would
   */
  public record Share(String node, String region, int before, int after) {}
}
