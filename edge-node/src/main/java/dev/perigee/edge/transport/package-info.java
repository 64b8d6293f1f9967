/**
 * Connections of XNIO in neutral words, and the grammar of what HTTP/1 writes to them, for both
 * sides of the node. Used by the listener and the origin stage; never knows what a message means.
 */
@NullMarked
package dev.perigee.edge.transport;

import org.jspecify.annotations.NullMarked;
