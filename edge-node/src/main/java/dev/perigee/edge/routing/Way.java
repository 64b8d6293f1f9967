package dev.perigee.edge.routing;

import dev.perigee.contract.PeerConfig;
import dev.perigee.edge.request.PeerTier;
import java.util.List;

/**
 * The nodes that a miss may go through: one after the other until one answers, and after the last
 * the origin.
 */
public record Way(List<Step> steps) {
  /** Straight to the origin. */
  public static final Way STRAIGHT = new Way(List.of());

  /** Copies the steps. */
  public Way {
    steps = List.copyOf(steps);
  }

  /** A node, and as what it is asked. */
  public record Step(PeerTier tier, PeerConfig peer) {}
}
