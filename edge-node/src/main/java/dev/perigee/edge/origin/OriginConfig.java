package dev.perigee.edge.origin;

import dev.perigee.contract.OriginAddressPolicy;
import java.net.InetAddress;
import java.time.Duration;

/**
 * Limits of the way to origins.
 *
 * @param connectTimeout for the TCP and TLS handshakes of one try
 * @param responseTimeout from the request's end to the answer's head
 * @param idleTimeout between two parts of a body
 * @param keepAlive how long an idle connection is kept
 * @param idlePerServer idle connections kept per server and I/O thread
 * @param maxConnections open connections of this node to all origins
 * @param addresses which addresses origins may have
 */
public record OriginConfig(
    Duration connectTimeout,
    Duration responseTimeout,
    Duration idleTimeout,
    Duration keepAlive,
    int idlePerServer,
    int maxConnections,
    OriginAddressPolicy addresses) {
  /** Idle connections usually kept per server and I/O thread. */
  public static final int IDLE_PER_SERVER = 256;

  private static final Duration CONTINUE_TIMEOUT = Duration.ofSeconds(1);

  /** Whether this node may connect to the address. */
  boolean mayConnect(InetAddress address) {
    return addresses.allows(address);
  }

  /** How long a request's body waits for 100 before it is sent all the same. */
  public Duration continueTimeout() {
    return CONTINUE_TIMEOUT;
  }
}
