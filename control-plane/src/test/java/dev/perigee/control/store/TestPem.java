package dev.perigee.control.store;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/**
 * A self-signed certificate for a host, and its key in the two forms in which OpenSSL writes keys.
 *
 * @param key PKCS #8, "PRIVATE KEY"
 * @param oldKey of its algorithm, "EC PRIVATE KEY" or "RSA PRIVATE KEY"
 */
public record TestPem(String certificate, String key, String oldKey) {
  public static TestPem ec(String host) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return of(host, generator.generateKeyPair(), "SHA256withECDSA");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of an authority, which a site may name as one of its readers'. */
  public static TestPem authority(String name) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return of(name, generator.generateKeyPair(), "SHA256withECDSA", true);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static TestPem rsa(String host) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return of(host, generator.generateKeyPair(), "SHA256withRSA");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TestPem of(String host, KeyPair pair, String algorithm) {
    return of(host, pair, algorithm, false);
  }

  private static TestPem of(String host, KeyPair pair, String algorithm, boolean authority) {
    try {
      X500Name name = new X500Name("CN=" + host);
      Instant now = Instant.now();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              BigInteger.TEN,
              Date.from(now.minus(Duration.ofDays(1))),
              Date.from(now.plus(Duration.ofDays(30))),
              name,
              pair.getPublic());
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, host)));
      if (authority) {
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      }
      X509CertificateHolder certificate =
          builder.build(new JcaContentSignerBuilder(algorithm).build(pair.getPrivate()));
      return new TestPem(
          pem(certificate),
          pem(new PemObject("PRIVATE KEY", pair.getPrivate().getEncoded())),
          pem(oldKey(pair.getPrivate())));
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object oldKey(PrivateKey key) throws IOException {
    // With its curve, as OpenSSL writes it.
    return key instanceof ECPrivateKey ec
        ? new PemObject(
            "EC PRIVATE KEY",
            new org.bouncycastle.asn1.sec.ECPrivateKey(
                    256, ec.getS(), SECObjectIdentifiers.secp256r1)
                .getEncoded())
        : key;
  }

  private static String pem(Object object) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString();
  }
}
