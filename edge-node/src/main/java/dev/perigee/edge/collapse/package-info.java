/**
 * Flights: one fetch per key, and everybody who asks meanwhile streams from it while it is written.
 * Called by the pipeline; never fetches by itself.
 */
@NullMarked
package dev.perigee.edge.collapse;

import org.jspecify.annotations.NullMarked;
