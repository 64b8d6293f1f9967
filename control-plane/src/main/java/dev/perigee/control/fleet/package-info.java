/**
 * Which node runs which revision and applied which purge, and how it fares, as the streams report
 * it. Fed by {@code stream}; read by API and steering; never touches the database.
 */
@NullMarked
package dev.perigee.control.fleet;

import org.jspecify.annotations.NullMarked;
