package dev.perigee.contract;

import java.util.List;

/**
 * A node as the other nodes know it.
 *
 * @param name a DNS label, unique, as in the node's certificate
 * @param region a DNS label
 * @param addresses where the others reach it, IP addresses as text, at least one
 * @param peerPort where it listens for the others; 0 for one that may ask and is not asked, as a
 *     node that is drained
 * @param shield whether it stands between the edges and the origins
 */
public record PeerConfig(
    String name, String region, List<String> addresses, int peerPort, boolean shield) {
  /** Copies the collection. */
  public PeerConfig {
    addresses = List.copyOf(addresses);
  }

  /** Whether others may ask it. */
  public boolean isAsked() {
    return peerPort > 0;
  }
}
