/**
 * Which node runs which revision and applied which purge, and how it fares, as the streams report
 * it: those of this control plane and, by way of {@code stream}, those of the others; and what
 * probes come to. Fed by {@code stream} and {@code probe}; read by API and steering; never touches
 * the database.
 */
@NullMarked
package dev.perigee.control.fleet;

import org.jspecify.annotations.NullMarked;
