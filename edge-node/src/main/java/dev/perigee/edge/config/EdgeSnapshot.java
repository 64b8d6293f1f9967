package dev.perigee.edge.config;

import dev.perigee.edge.routing.RouteTable;

/**
 * One configuration of the node, immutable and swapped whole.
 *
 * @param revision of the change log; 0 for none yet
 * @param routes hosts to sites
 */
public record EdgeSnapshot(long revision, RouteTable routes) {}
