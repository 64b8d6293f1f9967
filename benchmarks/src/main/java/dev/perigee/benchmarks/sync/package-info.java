/**
 * How a control plane does with thousands of edges: a real control plane's process, and edges that
 * are simulated in this one, each with a certificate and a connection of its own.
 */
@NullMarked
package dev.perigee.benchmarks.sync;

import org.jspecify.annotations.NullMarked;
