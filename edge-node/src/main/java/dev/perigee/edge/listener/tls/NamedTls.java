package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import java.util.List;
import javax.net.ssl.SSLEngine;

/** What the handshakes for one server name have in common. */
interface NamedTls {
  /** AEAD with forward secrecy; Undertow offers h2 only where the RSA AES-128 one is among them. */
  List<String> SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  /** What is agreed on by ALPN, the best first. */
  List<String> PROTOCOLS = List.of("h2", "http/1.1");

  /**
   * Which of them.
   *
   * @param serverName in lower case; empty for whoever is refused
   * @param ecdsa whether an ECDSA certificate is wanted where there is one of each kind
   */
  record Which(String serverName, TlsProfile profile, boolean ecdsa) {}

  /** A server's engine for one connection. */
  SSLEngine engine();

  /**
   * Session tickets are sealed with the first of these keys and read with all from now on; before
   * that with one that nobody else has.
   */
  void tickets(List<TicketKey> keys);

  /** It is used until it is let go once more. */
  void hold();

  /** Who let it go makes no further engines; those that are go on. */
  void letGo();
}
