package dev.perigee.control.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate that a process signs itself, to be shown until an authority issued one. */
public final class OwnCertificate {
  private static final Duration CLOCK_SKEW = Duration.ofDays(1);
  private static final Duration LIFE = Duration.ofDays(3_650);
  private static final int SERIAL_BITS = 127;

  private OwnCertificate() {}

  /** Makes one for these names and for this machine's own: localhost and its addresses. */
  public static EdgeAuthority.Identity make(List<String> hosts, SecureRandom random, Instant now) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair pair = generator.generateKeyPair();
      X500Name name = new X500Name("CN=Perigee control plane before its first certificate");
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
              Date.from(now.minus(CLOCK_SKEW)),
              Date.from(now.plus(LIFE)),
              name,
              pair.getPublic());
      builder.addExtension(Extension.subjectAlternativeName, false, names(hosts));
      X509Certificate certificate =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(
                      new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
      return new EdgeAuthority.Identity(pair.getPrivate(), List.of(certificate));
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("a certificate cannot be signed", e);
    }
  }

  private static GeneralNames names(List<String> hosts) {
    GeneralName[] all = new GeneralName[hosts.size() + 3];
    for (int i = 0; i < hosts.size(); i++) {
      all[i] = new GeneralName(GeneralName.dNSName, hosts.get(i));
    }
    all[hosts.size()] = new GeneralName(GeneralName.dNSName, "localhost");
    all[hosts.size() + 1] = new GeneralName(GeneralName.iPAddress, "127.0.0.1");
    all[hosts.size() + 2] = new GeneralName(GeneralName.iPAddress, "::1");
    return new GeneralNames(all);
  }
}
