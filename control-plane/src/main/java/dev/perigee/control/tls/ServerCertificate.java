package dev.perigee.control.tls;

import dev.perigee.keys.PemPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A certificate that a port shows, with its key.
 *
 * @param chain the leaf first, each signed by the one behind it
 * @param key of the leaf
 */
public record ServerCertificate(List<X509Certificate> chain, PrivateKey key) {
  public ServerCertificate {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least its leaf");
    }
  }

  static ServerCertificate of(PemPair pair) {
    return new ServerCertificate(pair.chain(), pair.key());
  }

  public X509Certificate leaf() {
    return chain.getFirst();
  }

  /** When its own certificate begins. */
  public Instant notBefore() {
    return leaf().getNotBefore().toInstant();
  }

  /** When the first of the chain expires. */
  public Instant notAfter() {
    return new PemPair(chain, key).notAfter();
  }

  /** Never the key. */
  @Override
  public String toString() {
    return leaf().getSubjectX500Principal() + ", valid until " + notAfter();
  }
}
