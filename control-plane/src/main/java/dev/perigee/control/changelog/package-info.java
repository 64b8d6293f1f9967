/**
 * What changed between two revisions, as updates for an edge of a region, and the reader of the
 * logs that all streams share. Called by the stream; reads the store and never writes to it.
 */
@NullMarked
package dev.perigee.control.changelog;

import org.jspecify.annotations.NullMarked;
