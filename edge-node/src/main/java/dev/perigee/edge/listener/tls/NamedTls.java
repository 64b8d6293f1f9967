package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import dev.perigee.edge.request.CertificateTerms;
import java.util.List;
import java.util.Optional;
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
   * @param terms under which readers are asked for certificates; empty where they are not
   */
  record Which(
      String serverName, TlsProfile profile, boolean ecdsa, Optional<CertificateTerms> terms) {}

  /**
   * What a connection is to have.
   *
   * @param asking takes its reader's certificate; empty where none is asked for
   */
  record Made(SSLEngine engine, Optional<ReaderTrust> asking) {}

  /** A server's engine for one connection. */
  Made engine();

  /**
   * Session tickets are sealed with the first of these keys and read with all from now on; before
   * that with one that nobody else has. Where readers are asked for certificates there are no
   * tickets, as nobody would look again whether who resumes is still let in.
   */
  void tickets(List<TicketKey> keys);

  /** It is used until it is let go once more. */
  void hold();

  /** Who let it go makes no further engines; those that are go on. */
  void letGo();
}
