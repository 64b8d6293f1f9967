package dev.perigee.contract;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rules that a pool's transport must keep on both sides. */
final class TransportValidator {
  private static final byte[] PROBE = {'p', 'e', 'r', 'i', 'g', 'e', 'e'};

  private final List<Problem> problems = new ArrayList<>();
  private final String at;

  private TransportValidator(String at) {
    this.at = at + ".transport.";
  }

  static List<Problem> problems(OriginTransport transport, String at) {
    TransportValidator validator = new TransportValidator(at);
    validator.check(transport);
    return validator.problems;
  }

  private void require(boolean holds, String field, String otherwise) {
    if (!holds) {
      problems.add(new Problem(at + field, otherwise));
    }
  }

  private void check(OriginTransport transport) {
    String name = transport.serverName();
    boolean normal = HostName.normalise(name).filter(name::equals).isPresent();
    require(name.isEmpty() || normal, "serverName", "must be a host name in lower case");
    require(
        transport.host().isEmpty() || OriginPoolsValidator.isAuthority(transport.host()),
        "host",
        "must be a host name, with or without a port");
    certificates(transport.trustedCas(), "caCertificates");
    certificates(transport.clientChain(), "clientCertificate");
    client(transport);
    int proxy = transport.proxyProtocol();
    require(proxy >= 0 && proxy <= 2, "proxyProtocol", "must be 0, 1 or 2");
  }

  private void certificates(List<Bytes> ders, String field) {
    require(
        ders.size() <= Limits.TRANSPORT_CERTIFICATES,
        field,
        "must hold at most " + Limits.TRANSPORT_CERTIFICATES + " certificates");
    require(
        ders.stream().allMatch(der -> publicKey(der).isPresent()),
        field,
        "must be X.509 certificates");
  }

  private void client(OriginTransport transport) {
    if (transport.clientKey().isEmpty() || transport.clientChain().isEmpty()) {
      require(
          transport.clientKey().isEmpty() == transport.clientChain().isEmpty(),
          transport.clientKey().isEmpty() ? "clientKey" : "clientCertificate",
          "is missing: certificate and key stand together");
      return;
    }
    Bytes key = transport.clientKey().get();
    require(
        publicKey(transport.clientChain().getFirst())
            .map(leaf -> belongTogether(leaf, key))
            .orElse(true),
        "clientKey",
        "does not belong to the first certificate of clientCertificate");
  }

  private static Optional<PublicKey> publicKey(Bytes der) {
    try {
      return Optional.of(
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der.toArray()))
              .getPublicKey());
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  private static boolean belongTogether(PublicKey leaf, Bytes key) {
    try {
      PrivateKey own =
          KeyFactory.getInstance(leaf.getAlgorithm())
              .generatePrivate(new PKCS8EncodedKeySpec(key.toArray()));
      Signature signature = Signature.getInstance(algorithm(leaf.getAlgorithm()));
      signature.initSign(own);
      signature.update(PROBE);
      byte[] signed = signature.sign();
      signature.initVerify(leaf);
      signature.update(PROBE);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String algorithm(String key) throws GeneralSecurityException {
    return switch (key) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      case "EdDSA", "Ed25519" -> "EdDSA";
      default -> throw new GeneralSecurityException("no key of a TLS client: " + key);
    };
  }
}
