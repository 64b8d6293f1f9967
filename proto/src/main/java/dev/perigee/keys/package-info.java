/**
 * What both processes keep secrets with and meet each other by: keys that seal what lies on disks
 * and in databases, the parts of mutual TLS that are the same on both sides, and certificates with
 * their keys as files hold them. Called by both and the client; never decides whom to trust.
 */
@NullMarked
package dev.perigee.keys;

import org.jspecify.annotations.NullMarked;
