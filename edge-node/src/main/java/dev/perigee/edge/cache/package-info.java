/**
 * RFC 9111 as small pure policies, and the port behind which responses are kept. Called by the
 * pipeline; never does I/O, the time is an argument.
 */
@NullMarked
package dev.perigee.edge.cache;

import org.jspecify.annotations.NullMarked;
