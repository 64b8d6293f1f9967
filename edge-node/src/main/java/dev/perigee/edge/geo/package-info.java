/**
 * Country and autonomous system of an address, from databases that the control plane distributes.
 * Fed by the sync stream; asked by the pipeline for the requests of which somebody wants to know,
 * and never for another.
 */
@NullMarked
package dev.perigee.edge.geo;

import org.jspecify.annotations.NullMarked;
