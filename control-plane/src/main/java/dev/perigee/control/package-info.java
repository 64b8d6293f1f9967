/**
 * The control plane: takes what operators and owners say through its API, keeps it, brings it to
 * every edge and steers readers to the nearest. {@link dev.perigee.control.ControlPlane} puts its
 * parts together and is the only class that does.
 */
@NullMarked
package dev.perigee.control;

import org.jspecify.annotations.NullMarked;
