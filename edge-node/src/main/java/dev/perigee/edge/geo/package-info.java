/**
 * Country, position and network of an address, from MaxMind-shaped databases. Asked by whoever
 * needs to know where a reader is; never looks anything up over the network.
 */
@NullMarked
package dev.perigee.edge.geo;

import org.jspecify.annotations.NullMarked;
