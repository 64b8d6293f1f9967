/**
 * What tests of every module share: real processes with bounded output, free ports and loopback
 * addresses of one's own, and the check that a test leaves nothing behind. Called from tests only;
 * it knows no class of an edge or of the control plane.
 */
@NullMarked
package dev.perigee.testkit;

import org.jspecify.annotations.NullMarked;
