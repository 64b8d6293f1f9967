/**
 * The control plane's side of the sync stream: one virtual thread for each connected edge, and
 * enrolment. Reads the change log and the purges, reports to the fleet; never changes anything.
 */
@NullMarked
package dev.perigee.control.stream;

import org.jspecify.annotations.NullMarked;
