/**
 * The client commands: they talk to the REST API and nothing else. Called by people and scripts;
 * never import the control plane.
 */
@NullMarked
package dev.perigee.cli;

import org.jspecify.annotations.NullMarked;
