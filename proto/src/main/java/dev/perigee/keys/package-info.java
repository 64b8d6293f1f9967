/**
 * What both processes keep secrets with and meet each other by: keys that seal what lies on disks
 * and in databases, and the parts of mutual TLS that are the same on both sides. Called by both;
 * never decides whom to trust.
 */
@NullMarked
package dev.perigee.keys;

import org.jspecify.annotations.NullMarked;
