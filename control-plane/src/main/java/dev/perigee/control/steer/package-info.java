/**
 * Nearest node for a client: position by GeoIP, great-circle distance, health. Called by DNS, by
 * HTTP steering and by the API's explain; answers from one immutable snapshot, never blocks.
 */
@NullMarked
package dev.perigee.control.steer;

import org.jspecify.annotations.NullMarked;
