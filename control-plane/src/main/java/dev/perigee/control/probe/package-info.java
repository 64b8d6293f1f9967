/**
 * Probes of the nodes' ports for readers: one thread that asks each node again and again whether it
 * answers, and says what changed. Started by the composition root, feeds {@code fleet}; never
 * decides what becomes of a node.
 */
@NullMarked
package dev.perigee.control.probe;

import org.jspecify.annotations.NullMarked;
