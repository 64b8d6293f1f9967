/**
 * Pools of origin servers: which one is asked, which is left alone, how much may be under way.
 * Decisions over immutable tables and a few atomic counters, called on I/O threads by {@code
 * origin}; never opens a connection and takes no lock.
 */
@NullMarked
package dev.perigee.edge.origin.pool;

import org.jspecify.annotations.NullMarked;
