/**
 * The demo origin: a small shop that shows what a cache does with pages, images, a large file, a
 * slow page and an uncacheable one. Run as a process of its own by {@code perigee up}; it knows
 * nothing of edges, and speaks through the JDK's own HTTP server, so that the network is not tested
 * against itself.
 */
@NullMarked
package dev.perigee.local.demo;

import org.jspecify.annotations.NullMarked;
