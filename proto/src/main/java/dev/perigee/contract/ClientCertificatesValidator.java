package dev.perigee.contract;

import java.io.ByteArrayInputStream;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** The rules that what a site asks of its readers' certificates must keep on both sides. */
final class ClientCertificatesValidator {
  private static final String FIELD = "clientCertificates.authorities";

  /** Place of keyCertSign in the key usage (RFC 5280, section 4.2.1.3). */
  private static final int KEY_CERT_SIGN = 5;

  private static final int MAX_RSA_BITS = 8192;
  private static final int MAX_EXPONENT_BITS = 32;

  private ClientCertificatesValidator() {}

  static List<Problem> problems(ClientCertificates asked) {
    List<Bytes> authorities = asked.authorities();
    List<Problem> problems = new ArrayList<>();
    if (authorities.isEmpty() && asked.isAsked()) {
      problems.add(
          new Problem(FIELD, "must hold the certificate of an authority that signs those taken"));
    }
    if (authorities.size() > Limits.CLIENT_AUTHORITIES) {
      problems.add(
          new Problem(FIELD, "must hold at most " + Limits.CLIENT_AUTHORITIES + " certificates"));
      return problems;
    }
    if (authorities.stream().mapToInt(Bytes::length).sum() > Limits.CLIENT_AUTHORITY_BYTES) {
      problems.add(
          new Problem(FIELD, "must be at most " + Limits.CLIENT_AUTHORITY_BYTES + " bytes (DER)"));
      return problems;
    }
    if (new HashSet<>(authorities).size() < authorities.size()) {
      problems.add(new Problem(FIELD, "must name each authority once"));
    }
    for (int i = 0; i < authorities.size(); i++) {
      int number = i + 1;
      flaw(authorities.get(i))
          .ifPresent(
              flaw -> problems.add(new Problem(FIELD, "certificate " + number + " " + flaw)));
    }
    return problems;
  }

  private static Optional<String> flaw(Bytes der) {
    X509Certificate certificate;
    try {
      certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der.toArray()));
    } catch (CertificateException e) {
      return Optional.of("is no X.509 certificate");
    }
    boolean[] usage = certificate.getKeyUsage();
    boolean signs = usage == null || (usage.length > KEY_CERT_SIGN && usage[KEY_CERT_SIGN]);
    if (certificate.getBasicConstraints() < 0 || !signs) {
      return Optional.of(
          "is of no authority (CA:TRUE, keyCertSign): give that of who signs the readers'");
    }
    return isCostly(certificate.getPublicKey())
        ? Optional.of(
            "has a key that is too large: RSA keys have at most "
                + MAX_RSA_BITS
                + " bits, and a public exponent of at most "
                + MAX_EXPONENT_BITS)
        : Optional.empty();
  }

  /** Whether each signature by it would cost a node much time: whoever connects may send some. */
  private static boolean isCostly(PublicKey key) {
    return key instanceof RSAPublicKey rsa
        && (rsa.getModulus().bitLength() > MAX_RSA_BITS
            || rsa.getPublicExponent().bitLength() > MAX_EXPONENT_BITS);
  }
}
