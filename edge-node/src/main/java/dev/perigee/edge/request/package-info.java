/**
 * The words that travel along the way of a request, neutral to transport. Known to every stage;
 * never touches a socket, a disk or a clock.
 */
@NullMarked
package dev.perigee.edge.request;

import org.jspecify.annotations.NullMarked;
