/**
 * The contract of control plane and edge: what they say to each other as plain records, the codec
 * between those and protobuf, and the one normaliser and validator that both sides use. Called by
 * both; never opens a connection, reads a clock or touches a disk.
 */
@NullMarked
package dev.perigee.contract;

import org.jspecify.annotations.NullMarked;
