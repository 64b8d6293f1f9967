/**
 * Host to site, and the way of a miss through other nodes. Built from the configuration, read by
 * the pipeline; never changes once built.
 */
@NullMarked
package dev.perigee.edge.routing;

import org.jspecify.annotations.NullMarked;
