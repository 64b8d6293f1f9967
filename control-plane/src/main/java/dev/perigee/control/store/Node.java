package dev.perigee.control.store;

import dev.perigee.contract.PeerConfig;
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
 * @param shield whether it stands between the edges and the origins
 * @param peerPort where other nodes ask it; 0 for nowhere
 * @param country where it stands, ISO 3166-1 alpha-2; empty: by its address
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
    boolean enrolled,
    boolean shield,
    int peerPort,
    String country) {
  /** Copies the collection. */
  public Node {
    addresses = List.copyOf(addresses);
  }

  /** A node whose country is that of its address. */
  public Node(
      String name,
      String region,
      double latitude,
      double longitude,
      List<InetAddress> addresses,
      int httpPort,
      int httpsPort,
      boolean draining,
      boolean enrolled,
      boolean shield,
      int peerPort) {
    this(
        name, region, latitude, longitude, addresses, httpPort, httpsPort, draining, enrolled,
        shield, peerPort, "");
  }

  /** A node that other nodes do not ask. */
  public Node(
      String name,
      String region,
      double latitude,
      double longitude,
      List<InetAddress> addresses,
      int httpPort,
      int httpsPort,
      boolean draining,
      boolean enrolled) {
    this(
        name, region, latitude, longitude, addresses, httpPort, httpsPort, draining, enrolled,
        false, 0);
  }

  /** As the other nodes know it: one that is drained may still ask and is not asked any more. */
  public PeerConfig peer() {
    List<String> texts = addresses.stream().map(InetAddress::getHostAddress).toList();
    return new PeerConfig(name, region, texts, draining ? 0 : peerPort, shield);
  }
}
