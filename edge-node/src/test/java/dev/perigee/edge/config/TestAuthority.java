package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** A certificate authority of the tests' own. */
public final class TestAuthority {
  private final TrialAuthority signing = new TrialAuthority();

  /** A certificate with its key. */
  public record Issued(X509Certificate certificate, PrivateKey key) {
    /** As the control plane pushes it. */
    public CertificateConfig config(String... hosts) throws GeneralSecurityException {
      return new CertificateConfig(
          PinnedTrust.fingerprint(certificate),
          List.of(hosts),
          List.of(Bytes.copyOf(certificate.getEncoded())),
          Bytes.copyOf(key.getEncoded()));
    }
  }

  public X509Certificate certificate() {
    return signing.certificate();
  }

  /** What a client that trusts this authority alone speaks TLS with. */
  public SSLContext trusting() throws GeneralSecurityException, IOException {
    return signing.trusting();
  }

  /** For a TLS server of these names. */
  public Issued server(String algorithm, String... names) {
    KeyPair pair = newKeys(algorithm);
    X509Certificate made =
        signing.sign(
            names[0],
            pair.getPublic(),
            false,
            List.of(KeyPurposeId.id_kp_serverAuth),
            Arrays.asList(names));
    return new Issued(made, pair.getPrivate());
  }

  /** For a node. */
  public Issued node(String name) {
    KeyPair pair = newKeys("EC");
    return new Issued(node(name, pair.getPublic()), pair.getPrivate());
  }

  /** For the key of a node's request. */
  public X509Certificate node(String name, PublicKey key) {
    return signing.sign(name, key, false, List.of(KeyPurposeId.id_kp_clientAuth), List.of());
  }

  private static KeyPair newKeys(String algorithm) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(algorithm.equals("RSA") ? 2048 : 256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
