package dev.perigee.edge.origin.pool;

/** Which limit of a pool is reached. */
public enum Breaker {
  /** None. */
  CLOSED,
  REQUESTS,
  PENDING,
  CONNECTIONS
}
