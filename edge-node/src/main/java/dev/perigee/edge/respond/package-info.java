/**
 * The response: conditionals, ranges, Cache-Status, and the pumps of bodies. Called by the
 * pipeline; never decides what to answer with.
 */
@NullMarked
package dev.perigee.edge.respond;

import org.jspecify.annotations.NullMarked;
