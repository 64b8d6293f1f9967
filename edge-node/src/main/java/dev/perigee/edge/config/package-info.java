/**
 * The node's configuration: the sync stream, validation, one immutable snapshot swapped whole, last
 * good on disk, acknowledgement. Feeds the pipeline and the store; never answers a request.
 */
@NullMarked
package dev.perigee.edge.config;

import org.jspecify.annotations.NullMarked;
