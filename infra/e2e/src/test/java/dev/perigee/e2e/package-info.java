/**
 * The network as a person meets it: real processes started by the launcher script from the built
 * jars, real PostgreSQL, real sockets, and an origin server of another make. It knows options,
 * commands and protocols, never a class of a node.
 */
@NullMarked
package dev.perigee.e2e;

import org.jspecify.annotations.NullMarked;
