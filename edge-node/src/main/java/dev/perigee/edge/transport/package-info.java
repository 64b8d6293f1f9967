/**
 * Connections of XNIO in neutral words, for both sides of the node. Used by the listener and the
 * origin stage; never knows what the bytes mean.
 */
@NullMarked
package dev.perigee.edge.transport;

import org.jspecify.annotations.NullMarked;
