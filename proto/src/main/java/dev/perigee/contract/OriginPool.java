package dev.perigee.contract;

import java.util.List;
import java.util.Optional;

/**
 * Servers that stand in for each other, and how they are treated.
 *
 * @param name a DNS label
 * @param servers at least one
 * @param balance which of them is asked
 * @param check how each node tries them by itself; empty for not at all
 * @param ejection when one is left alone for what it answered
 * @param slowStartMillis in which a server that comes back grows to its full share; 0 for at once
 * @param retries when another one is asked
 * @param timeouts how long each may take
 * @param breakers how much may be under way at a time
 * @param transport how it is spoken to
 */
public record OriginPool(
    String name,
    List<PoolServer> servers,
    Balance balance,
    Optional<HealthCheck> check,
    Ejection ejection,
    long slowStartMillis,
    RetryPolicy retries,
    OriginTimeouts timeouts,
    Breakers breakers,
    OriginTransport transport) {
  /** The pool's name where the owner named none. */
  public static final String NAME = "default";

  /** The usual time in which a server that comes back grows to its full share. */
  public static final long SLOW_START_MILLIS = 10_000;

  /** Copies the list. */
  public OriginPool {
    servers = List.copyOf(servers);
  }

  /** A pool of the usual kind. */
  public static OriginPool of(String name, List<PoolServer> servers) {
    return new OriginPool(
        name,
        servers,
        Balance.DEFAULT,
        Optional.empty(),
        Ejection.DEFAULT,
        SLOW_START_MILLIS,
        RetryPolicy.DEFAULT,
        OriginTimeouts.DEFAULT,
        Breakers.DEFAULT,
        OriginTransport.DEFAULT);
  }
}
