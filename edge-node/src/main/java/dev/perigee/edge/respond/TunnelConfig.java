package dev.perigee.edge.respond;

import java.time.Duration;

/**
 * Limits of tunnels.
 *
 * @param maxTunnels of the node
 * @param maxTunnelsPerSite of one site
 * @param idleTimeout without a byte in either direction
 * @param touchInterval after which a quiet tunnel's connections are told that they are wanted; well
 *     below the idle time-out of readers' connections
 */
public record TunnelConfig(
    int maxTunnels, int maxTunnelsPerSite, Duration idleTimeout, Duration touchInterval) {
  public static final TunnelConfig DEFAULT =
      new TunnelConfig(10_000, 2_000, Duration.ofMinutes(5), Duration.ofSeconds(15));
}
