/**
 * The order of the stages and nothing else. Called by the listener with a request; every decision
 * is made by the stage's own package.
 */
@NullMarked
package dev.perigee.edge.pipeline;

import org.jspecify.annotations.NullMarked;
