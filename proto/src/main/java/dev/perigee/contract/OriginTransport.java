package dev.perigee.contract;

import java.util.List;
import java.util.Optional;

/**
 * How a pool's servers are spoken to.
 *
 * @param serverName named in the TLS handshake (SNI) and verified; empty for the server's host
 * @param host what Host says; empty for the host that the reader asked for
 * @param trustedCas certificates (DER) of the authorities that are believed; empty for the usual
 * @param clientChain the node's certificate (DER) and what is behind it, the leaf first
 * @param clientKey its private key, PKCS #8; empty for none
 * @param minimumTls the lowest version that is spoken
 * @param http2 whether HTTP/2 is spoken where the server offers it
 * @param proxyProtocol version of the PROXY protocol in front of each connection; 0 for none
 */
public record OriginTransport(
    String serverName,
    String host,
    List<Bytes> trustedCas,
    List<Bytes> clientChain,
    Optional<Bytes> clientKey,
    MinimumTls minimumTls,
    boolean http2,
    int proxyProtocol) {
  /** What is taken where the owner names nothing. */
  public static final OriginTransport DEFAULT =
      new OriginTransport(
          "", "", List.of(), List.of(), Optional.empty(), MinimumTls.TLS_1_2, false, 0);

  /** Copies the lists. */
  public OriginTransport {
    trustedCas = List.copyOf(trustedCas);
    clientChain = List.copyOf(clientChain);
  }

  /** The lowest version of TLS. */
  public enum MinimumTls {
    TLS_1_2("1.2"),
    TLS_1_3("1.3");

    private final String token;

    MinimumTls(String token) {
      this.token = token;
    }

    /** As it stands in JSON. */
    public String token() {
      return token;
    }

    /** The one with this token. */
    public static Optional<MinimumTls> of(String token) {
      for (MinimumTls version : values()) {
        if (version.token.equals(token)) {
          return Optional.of(version);
        }
      }
      return Optional.empty();
    }
  }
}
