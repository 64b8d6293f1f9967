/**
 * Fetches from a site's origin servers on the I/O thread of the request: resolving, connecting,
 * balancing, retries. Called by the pipeline; never looks at the cache and never blocks.
 */
@NullMarked
package dev.perigee.edge.origin;

import org.jspecify.annotations.NullMarked;
