/**
 * How many requests of a site are let in: rate limits, the counts that they need, and the node's
 * shares of those that all nodes share. Called by the pipeline for each request of a reader, and by
 * the sync stream for the shares; never blocks, and makes no garbage where a request is let in.
 */
@NullMarked
package dev.perigee.edge.limit;

import org.jspecify.annotations.NullMarked;
