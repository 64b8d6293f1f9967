package dev.perigee.contract;

/**
 * What one pool may have under way on one node; what is past it fails at once. A pool that hangs
 * costs its own site that way, and no other.
 *
 * @param connections open, those in use and idle ones
 * @param pending requests that wait for a connection
 * @param requests sent or waiting
 */
public record Breakers(int connections, int pending, int requests) {
  /** What is taken where the owner names nothing. */
  public static final Breakers DEFAULT = new Breakers(2_000, 1_000, 2_000);
}
