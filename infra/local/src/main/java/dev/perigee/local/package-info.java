/**
 * What {@code perigee up} and {@code perigee down} do: run a control plane, three edges and a demo
 * site as child processes of one machine, with all state under one folder. Called by the launcher
 * script; it talks to the control plane through its REST API only and never reads the state of its
 * children.
 */
@NullMarked
package dev.perigee.local;

import org.jspecify.annotations.NullMarked;
