package dev.perigee.edge.config;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority that nobody trusts but who is told: of a rehearsal, or of a test. */
final class TrialAuthority {
  private static final Duration LIFE = Duration.ofDays(90);

  private final AtomicLong serials = new AtomicLong(1);
  private final KeyPair keys = CertificateRequest.newKey();
  private final X509Certificate certificate;

  TrialAuthority() {
    certificate = sign("edge CA", keys.getPublic(), true, List.of(), List.of());
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** What a client that trusts this authority alone speaks TLS with. */
  SSLContext trusting() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("ca", certificate);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /** Signs a certificate for a key. */
  X509Certificate sign(
      String name, PublicKey key, boolean ca, List<KeyPurposeId> uses, List<String> names) {
    Instant from = Instant.now().minus(Duration.ofDays(2));
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              new X500Name("CN=edge CA"),
              BigInteger.valueOf(serials.getAndIncrement()),
              Date.from(from),
              Date.from(from.plus(LIFE)),
              new X500Name("CN=" + name),
              key);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
      if (!uses.isEmpty()) {
        builder.addExtension(
            Extension.extendedKeyUsage,
            false,
            new ExtendedKeyUsage(uses.toArray(KeyPurposeId[]::new)));
      }
      if (!names.isEmpty()) {
        GeneralName[] dns =
            names.stream()
                .map(dnsName -> new GeneralName(GeneralName.dNSName, dnsName))
                .toArray(GeneralName[]::new);
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(dns));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
