package dev.perigee.control.store;

import java.net.InetAddress;
import java.util.List;

/**
 * An edge node as the operator provisioned it.
 *
 * @param name a DNS label, unique
 * @param region a DNS label
 * @param latitude degrees, −90 to 90
 * @param longitude degrees, −180 to 180
 * @param addresses where readers reach it, of both families, at least one
 * @param httpPort where it answers http, for redirects
 * @param httpsPort where it answers https, for redirects
 * @param draining whether new readers are steered elsewhere
 * @param enrolled whether it holds a certificate of the edge CA
 */
public record Node(
    String name,
    String region,
    double latitude,
    double longitude,
    List<InetAddress> addresses,
    int httpPort,
    int httpsPort,
    boolean draining,
    boolean enrolled) {
  /** Copies the collection. */
  public Node {
    addresses = List.copyOf(addresses);
  }
}
