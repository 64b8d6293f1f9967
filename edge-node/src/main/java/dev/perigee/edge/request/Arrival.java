package dev.perigee.edge.request;

import java.util.Optional;

/** How a request came to this node, as far as sites go by that in letting it in. */
public sealed interface Arrival {
  /** From within this network: another node let it in, or no reader made it. */
  Arrival WITHIN = new Within();

  /** From a reader, without TLS to this node. */
  Arrival PLAIN = new Plain();

  /** From within this network. */
  record Within() implements Arrival {}

  /** Without TLS. */
  record Plain() implements Arrival {}

  /**
   * Over TLS.
   *
   * @param terms of the site that the handshake was for; empty where that asks for no certificate
   * @param certified whether the reader has shown a certificate that is taken and valid now
   * @param serverName of a handshake without terms; else, and where that is not known, empty
   */
  record Secure(Optional<CertificateTerms> terms, boolean certified, String serverName)
      implements Arrival {}
}
