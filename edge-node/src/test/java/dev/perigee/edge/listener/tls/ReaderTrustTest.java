package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.edge.request.CertificateTerms;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

/** Whose certificates are taken, and which chains. */
class ReaderTrustTest {
  private static final Instant NOW = Instant.parse("2026-11-27T08:00:00Z");
  private static final Duration LIFE = Duration.ofDays(30);
  private static final String UNKNOWN = "unknown: ";

  /** A certificate, and the key that others can be signed with. */
  private record Made(X509Certificate certificate, KeyPair keys) {
    static Made root(String name) throws Exception {
      KeyPair keys = newKeys();
      return new Made(sign(name, name, keys, keys, true, LIFE), keys);
    }

    Made signs(String name, boolean authority, Duration life, KeyPurposeId... uses)
        throws Exception {
      KeyPair own = newKeys();
      String issuer = certificate.getSubjectX500Principal().getName();
      return new Made(sign(name, issuer.substring(3), own, keys, authority, life, uses), own);
    }

    Made reader() throws Exception {
      return signs("reader", false, LIFE, KeyPurposeId.id_kp_clientAuth);
    }
  }

  private final Made root = Made.root("root");

  ReaderTrustTest() throws Exception {}

  private static KeyPair newKeys() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    return generator.generateKeyPair();
  }

  private static X509Certificate sign(
      String name,
      String issuer,
      KeyPair own,
      KeyPair by,
      boolean authority,
      Duration life,
      KeyPurposeId... uses)
      throws Exception {
    var builder =
        new JcaX509v3CertificateBuilder(
            new X500Name("CN=" + issuer),
            BigInteger.valueOf(System.identityHashCode(own) + 1L),
            Date.from(NOW.minus(Duration.ofDays(1))),
            Date.from(NOW.plus(life)),
            new X500Name("CN=" + name),
            own.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
    if (uses.length > 0) {
      builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(uses));
    }
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(by.getPrivate())));
  }

  private static void check(Instant now, List<Made> authorities, Made... chain) throws Exception {
    List<Bytes> ders =
        authorities.stream().map(made -> Bytes.copyOf(der(made.certificate()))).toList();
    CertificateTerms terms =
        new CertificateTerms(
            "shop", new ClientCertificates(ClientCertificates.Mode.REQUIRED, ders));
    new ReaderTrust(terms, InstantSource.fixed(now), why -> new CertificateException(UNKNOWN + why))
        .check(Stream.of(chain).map(Made::certificate).toArray(X509Certificate[]::new));
  }

  private static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateException e) {
      throw new AssertionError(e);
    }
  }

  private void refused(String why, Made... chain) {
    CertificateException refusal =
        assertThrows(CertificateException.class, () -> check(NOW, List.of(root), chain));
    assertEquals(why, refusal.getMessage());
  }

  @Test
  void whatAnAuthoritySignedForClientsIsTaken() throws Exception {
    check(NOW, List.of(root), root.reader());
    check(NOW, List.of(root), root.reader(), root);
    check(NOW, List.of(Made.root("another"), root), root.reader());
    check(NOW, List.of(root), root.signs("reader", false, LIFE));
    check(NOW, List.of(root), root.signs("reader", false, LIFE, KeyPurposeId.anyExtendedKeyUsage));
  }

  @Test
  void aChainLeadsToAnAuthorityStepByStep() throws Exception {
    Made between = root.signs("between", true, LIFE);
    check(NOW, List.of(root), between.reader(), between);
    check(NOW, List.of(root), between.reader(), between, root);
    check(NOW, List.of(between), between.reader(), between, root);
    refused(UNKNOWN + "it is of no authority of the site", between.reader());
    Made leaf = root.signs("leaf", false, LIFE);
    refused("its chain does not hold", leaf.reader(), leaf);
  }

  @Test
  void whatAnotherSignedIsNotTakenWhateverItsName() throws Exception {
    refused(UNKNOWN + "it is of no authority of the site", Made.root("other").reader());
    Made namesake = Made.root("root");
    refused(UNKNOWN + "it is of no authority of the site", namesake.reader());
    refused(UNKNOWN + "it is of no authority of the site", namesake.reader(), namesake);
  }

  @Test
  void whatIsForServersIsNotTaken() throws Exception {
    refused(
        "it is not for clients", root.signs("server", false, LIFE, KeyPurposeId.id_kp_serverAuth));
    refused("the certificate of an authority is no reader's", root);
  }

  @Test
  void whatIsOverOrNotYetIsNotTaken() throws Exception {
    Made reader = root.reader();
    assertThrows(
        CertificateExpiredException.class,
        () -> check(NOW.plus(Duration.ofDays(31)), List.of(root), reader));
    assertThrows(
        CertificateNotYetValidException.class,
        () -> check(NOW.minus(Duration.ofDays(2)), List.of(root), reader));
  }

  @Test
  void anAuthorityThatIsOverSignsNothing() throws Exception {
    Made longer = root.signs("reader", false, Duration.ofDays(90), KeyPurposeId.id_kp_clientAuth);
    assertDoesNotThrow(() -> check(NOW, List.of(root), longer));
    assertThrows(
        CertificateException.class,
        () -> check(NOW.plus(Duration.ofDays(31)), List.of(root), longer));
  }

  @Test
  void aChainHasALength() {
    refused("a chain is 1 to 8 certificates");
    Made[] many = new Made[9];
    java.util.Arrays.fill(many, root);
    refused("a chain is 1 to 8 certificates", many);
  }
}
