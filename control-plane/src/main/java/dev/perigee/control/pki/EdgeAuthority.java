package dev.perigee.control.pki;

import dev.perigee.contract.Bytes;
import dev.perigee.control.store.SettingStore;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * The certificate authority of the fleet: signs the control planes' server certificates and the
 * nodes' client certificates, EC P-256. Its key lies in the database, so that all control planes
 * share it.
 */
public final class EdgeAuthority {
  private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
  private static final Duration NODE_LIFE = Duration.ofDays(30);
  private static final Duration SERVER_LIFE = Duration.ofDays(365);

  /** A node's clock may be wrong by a day, and is then still served. */
  private static final Duration CLOCK_SKEW = Duration.ofDays(1);

  private static final String CONTROL_PLANE = "Perigee control plane";
  private static final int LEAST_RSA_BITS = 2048;
  private static final String ALGORITHM = "SHA256withECDSA";

  private final InstantSource clock;
  private final SecureRandom random;
  private final X509Certificate certificate;
  private final PrivateKey key;

  private EdgeAuthority(
      InstantSource clock, SecureRandom random, X509Certificate certificate, PrivateKey key) {
    this.clock = clock;
    this.random = random;
    this.certificate = certificate;
    this.key = key;
  }

  /** The authority of this database, made at the first start. */
  public static EdgeAuthority open(
      SettingStore settings, InstantSource clock, SecureRandom random) {
    byte[] kept = settings.getOrMake("edge-authority", () -> make(clock, random));
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(kept))) {
      byte[] der = in.readNBytes(in.readInt());
      PrivateKey key =
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(in.readNBytes(in.readInt())));
      return new EdgeAuthority(clock, random, parse(der), key);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("the edge authority in the database cannot be read", e);
    }
  }

  private static byte[] make(InstantSource clock, SecureRandom random) {
    try {
      KeyPair pair = keyPair(random);
      X500Name name = new X500Name("CN=Perigee edge authority");
      Instant now = clock.instant();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              serial(random),
              Date.from(now.minus(CLOCK_SKEW)),
              Date.from(now.plus(AUTHORITY_LIFE)),
              name,
              pair.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      byte[] der =
          builder
              .build(new JcaContentSignerBuilder(ALGORITHM).build(pair.getPrivate()))
              .getEncoded();
      byte[] pkcs8 = pair.getPrivate().getEncoded();
      java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
      try (DataOutputStream out = new DataOutputStream(bytes)) {
        out.writeInt(der.length);
        out.write(der);
        out.writeInt(pkcs8.length);
        out.write(pkcs8);
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException("this Java cannot make an EC key", e);
    }
  }

  /** When this authority made a certificate: its validity begins earlier, for wrong clocks. */
  public static Instant issued(X509Certificate certificate) {
    return certificate.getNotBefore().toInstant().plus(CLOCK_SKEW);
  }

  /** The authority's own certificate. */
  public X509Certificate certificate() {
    return certificate;
  }

  /** Lower-case hexadecimal SHA-256 of the authority's certificate. */
  public String fingerprint() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return HexFormat.of().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A key with its certificate chain, the leaf first. */
  public record Identity(PrivateKey key, List<X509Certificate> chain) {
    /** Copies the collection. */
    public Identity {
      chain = List.copyOf(chain);
    }

    /**
     * One that was kept.
     *
     * @param key as {@link #keyBytes} gives it
     * @param chain as {@link #chainBytes} gives it
     * @throws IOException where that is no such thing
     */
    public static Identity of(Bytes key, List<Bytes> chain) throws IOException {
      try {
        List<X509Certificate> all = new ArrayList<>();
        for (Bytes one : chain) {
          all.add(parse(one.toArray()));
        }
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(key.toArray());
        return new Identity(KeyFactory.getInstance("EC").generatePrivate(spec), all);
      } catch (GeneralSecurityException e) {
        throw new IOException("a control plane's own certificate cannot be read", e);
      }
    }

    /** PKCS #8. */
    public Bytes keyBytes() {
      return Bytes.copyOf(key.getEncoded());
    }

    /** Each certificate in DER. */
    public List<Bytes> chainBytes() {
      try {
        List<Bytes> all = new ArrayList<>();
        for (X509Certificate one : chain) {
          all.add(Bytes.copyOf(one.getEncoded()));
        }
        return all;
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate of ours cannot be encoded", e);
      }
    }
  }

  /**
   * A new identity of this control plane: for its gRPC port, and before other control planes. Names
   * may be addresses.
   */
  public Identity controlIdentity(List<String> names) {
    try {
      KeyPair pair = keyPair(random);
      GeneralName[] all =
          names.stream()
              .map(
                  name ->
                      new GeneralName(
                          name.matches("[0-9.]+") || name.indexOf(':') >= 0
                              ? GeneralName.iPAddress
                              : GeneralName.dNSName,
                          name))
              .toArray(GeneralName[]::new);
      X509Certificate leaf =
          sign(
              CONTROL_PLANE,
              pair.getPublic(),
              SERVER_LIFE,
              new GeneralNames(all),
              KeyPurposeId.id_kp_serverAuth,
              KeyPurposeId.id_kp_clientAuth);
      return new Identity(pair.getPrivate(), List.of(leaf, certificate));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java cannot make an EC key", e);
    }
  }

  /**
   * A client certificate for a node.
   *
   * @param request PKCS #10, DER; only its key is taken over
   * @return empty when the request is broken or its key too weak
   */
  public Optional<X509Certificate> signNode(String node, byte[] request) {
    try {
      JcaPKCS10CertificationRequest csr = new JcaPKCS10CertificationRequest(request);
      PublicKey wanted = csr.getPublicKey();
      boolean proven = csr.isSignatureValid(new JcaContentVerifierProviderBuilder().build(wanted));
      if (!proven || !isStrong(wanted)) {
        return Optional.empty();
      }
      GeneralNames names = new GeneralNames(new GeneralName(GeneralName.dNSName, node));
      return Optional.of(sign(node, wanted, NODE_LIFE, names, KeyPurposeId.id_kp_clientAuth));
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Whether a certificate of this authority is one that it made for a control plane. */
  public static boolean isControlPlane(X509Certificate leaf) {
    try {
      List<String> uses = leaf.getExtendedKeyUsage();
      return uses != null
          && uses.contains(KeyPurposeId.id_kp_serverAuth.getId())
          && leaf.getSubjectX500Principal().getName().equals("CN=" + CONTROL_PLANE);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  private static boolean isStrong(PublicKey wanted) {
    return switch (wanted) {
      case ECPublicKey ec -> ec.getParams().getCurve().getField().getFieldSize() >= 256;
      case RSAPublicKey rsa -> rsa.getModulus().bitLength() >= LEAST_RSA_BITS;
      default -> false;
    };
  }

  private X509Certificate sign(
      String name, PublicKey subject, Duration life, GeneralNames names, KeyPurposeId... purposes) {
    Instant now = clock.instant();
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              new X500Name(certificate.getSubjectX500Principal().getName()),
              serial(random),
              Date.from(now.minus(CLOCK_SKEW)),
              Date.from(now.plus(life)),
              new X500Name("CN=" + name),
              subject);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes));
      builder.addExtension(Extension.subjectAlternativeName, false, names);
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(ALGORITHM).build(key)));
    } catch (IOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException("a certificate cannot be signed", e);
    }
  }

  private static KeyPair keyPair(SecureRandom random) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    return generator.generateKeyPair();
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(127, random).add(BigInteger.ONE);
  }

  private static X509Certificate parse(byte[] der) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }
}
