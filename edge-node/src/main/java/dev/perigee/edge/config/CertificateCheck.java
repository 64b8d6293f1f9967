package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether a pushed certificate can be served: it loads, and its key is the leaf's. */
public final class CertificateCheck {
  private static final int MAX_CHAIN = 10;

  private CertificateCheck() {}

  /** Why it cannot be served, a sentence; empty when it can. Never holds key material. */
  public static Optional<String> problem(CertificateConfig certificate) {
    if (certificate.hosts().isEmpty()) {
      return Optional.of("hosts: there is none.");
    }
    if (certificate.chain().isEmpty() || certificate.chain().size() > MAX_CHAIN) {
      return Optional.of("chain: it must hold 1 to " + MAX_CHAIN + " certificates.");
    }
    try {
      String id =
          Bytes.copyOf(
                  MessageDigest.getInstance("SHA-256")
                      .digest(certificate.chain().getFirst().toArray()))
              .toHex();
      if (!id.equals(certificate.id())) {
        return Optional.of("id: it is not the leaf's SHA-256.");
      }
      X509Certificate leaf = chain(certificate).getFirst();
      return matches(privateKey(certificate, leaf), leaf.getPublicKey())
          ? Optional.empty()
          : Optional.of("key: it does not match the certificate.");
    } catch (GeneralSecurityException e) {
      return Optional.of("chain or key: it cannot be loaded.");
    }
  }

  /** The chain, parsed, the leaf first. */
  public static List<X509Certificate> chain(CertificateConfig certificate)
      throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> chain = new ArrayList<>();
    for (Bytes der : certificate.chain()) {
      chain.add(
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der.toArray())));
    }
    return chain;
  }

  /** The key, parsed by the leaf's algorithm. */
  public static PrivateKey privateKey(CertificateConfig certificate, X509Certificate leaf)
      throws GeneralSecurityException {
    return KeyFactory.getInstance(leaf.getPublicKey().getAlgorithm())
        .generatePrivate(new PKCS8EncodedKeySpec(certificate.privateKey().toArray()));
  }

  private static boolean matches(PrivateKey key, PublicKey expected)
      throws GeneralSecurityException {
    String algorithm =
        switch (expected.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> expected.getAlgorithm();
        };
    byte[] probe = {1, 2, 3, 4};
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(probe);
    byte[] signature = signer.sign();
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(expected);
    verifier.update(probe);
    return verifier.verify(signature);
  }
}
