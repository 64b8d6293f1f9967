package dev.perigee.edge.config;

import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.RouteTable;

/**
 * One configuration of the node, immutable and swapped whole.
 *
 * @param revision of the change log; 0 for none yet
 * @param routes hosts to sites
 * @param peers the other nodes
 */
public record EdgeSnapshot(long revision, RouteTable routes, PeerTable peers) {
  /** The configuration of a node that knows of no other. */
  public EdgeSnapshot(long revision, RouteTable routes) {
    this(revision, routes, PeerTable.none());
  }
}
