package dev.perigee.edge.origin;

import java.net.Inet6Address;
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
 * @param allowPrivate whether loopback, link-local and private addresses may be origins
 */
public record OriginConfig(
    Duration connectTimeout,
    Duration responseTimeout,
    Duration idleTimeout,
    Duration keepAlive,
    int idlePerServer,
    int maxConnections,
    boolean allowPrivate) {
  /** Idle connections usually kept per server and I/O thread. */
  public static final int IDLE_PER_SERVER = 32;

  /** Whether this node may connect to the address: no private ones unless allowed. */
  boolean mayConnect(InetAddress address) {
    if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
      return false;
    }
    return allowPrivate || !isPrivate(address);
  }

  private static boolean isPrivate(InetAddress address) {
    boolean uniqueLocal =
        address instanceof Inet6Address && (address.getAddress()[0] & 0xfe) == 0xfc;
    byte[] octets = address.getAddress();
    boolean shared =
        octets.length == 4 && (octets[0] & 0xff) == 100 && (octets[1] & 0xc0) == 64; // RFC 6598
    return address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || uniqueLocal
        || shared;
  }
}
