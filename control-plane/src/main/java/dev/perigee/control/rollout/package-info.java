/**
 * Changes that go to some nodes first: watches what these say and answer, and promotes or halts.
 * Told by the stream, asked by nobody; everything that counts lies in the store.
 */
@NullMarked
package dev.perigee.control.rollout;

import org.jspecify.annotations.NullMarked;
