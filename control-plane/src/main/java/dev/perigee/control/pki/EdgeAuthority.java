package dev.perigee.control.pki;

import dev.perigee.contract.Bytes;
import dev.perigee.control.store.AuthorityStore;
import dev.perigee.control.store.AuthorityStore.Place;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
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
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
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
 * nodes' client certificates, EC P-256. Its keys lie in the database, so that all control planes
 * share them: of the CA that signs, and while one takes the place of another of both.
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
  private final AuthorityStore store;
  private volatile Issuers issuers;

  /** The CAs that are trusted; one signs. */
  private record Issuers(Issuer signing, List<Issuer> others) {
    Issuers {
      others = List.copyOf(others);
    }
  }

  private EdgeAuthority(InstantSource clock, SecureRandom random, AuthorityStore store) {
    this.clock = clock;
    this.random = random;
    this.store = store;
    this.issuers = read();
  }

  /** The authority of this database, made at the first start. */
  public static EdgeAuthority open(AuthorityStore store, InstantSource clock, SecureRandom random) {
    return new EdgeAuthority(clock, random, store);
  }

  private Issuers read() {
    Map<Place, Bytes> all = store.all(() -> Issuer.make(clock, random).kept().toArray());
    List<Issuer> others =
        Stream.of(Place.NEXT, Place.BEFORE)
            .filter(all::containsKey)
            .map(place -> Issuer.of(Optional.ofNullable(all.get(place)).orElseThrow()))
            .toList();
    return new Issuers(
        Issuer.of(Optional.ofNullable(all.get(Place.SIGNING)).orElseThrow()), others);
  }

  /** Takes over what the database says now; whether that is something else than before. */
  public boolean look() {
    Issuers now = read();
    boolean other = !now.equals(issuers);
    issuers = now;
    return other;
  }

  /** A CA with its key. */
  public record Issuer(X509Certificate certificate, PrivateKey key) {
    static Issuer make(InstantSource clock, SecureRandom random) {
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
        return new Issuer(parse(der), pair.getPrivate());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (OperatorCreationException | GeneralSecurityException e) {
        throw new IllegalStateException("this Java cannot make an EC key", e);
      }
    }

    /** One that was kept. */
    static Issuer of(Bytes kept) {
      try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(kept.toArray()))) {
        byte[] der = in.readNBytes(in.readInt());
        PrivateKey key =
            KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(in.readNBytes(in.readInt())));
        return new Issuer(parse(der), key);
      } catch (IOException | GeneralSecurityException e) {
        throw new IllegalStateException("the edge authority in the database cannot be read", e);
      }
    }

    /** As the database keeps it. */
    Bytes kept() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (DataOutputStream out = new DataOutputStream(bytes)) {
        byte[] der = certificate.getEncoded();
        byte[] pkcs8 = key.getEncoded();
        out.writeInt(der.length);
        out.write(der);
        out.writeInt(pkcs8.length);
        out.write(pkcs8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate of ours cannot be encoded", e);
      }
      return Bytes.copyOf(bytes.toByteArray());
    }

    /** Lower-case hexadecimal SHA-256 of its certificate. */
    public String fingerprint() {
      return EdgeAuthority.fingerprint(certificate);
    }

    /** Without the key. */
    @Override
    public String toString() {
      return "Issuer[" + fingerprint() + "]";
    }
  }

  /** When this authority made a certificate: its validity begins earlier, for wrong clocks. */
  public static Instant issued(X509Certificate certificate) {
    return certificate.getNotBefore().toInstant().plus(CLOCK_SKEW);
  }

  /** The certificate of the CA that signs. */
  public X509Certificate certificate() {
    return issuers.signing().certificate();
  }

  /** The certificates of all CAs that are trusted, first of the one that signs. */
  public List<X509Certificate> trusted() {
    Issuers now = issuers;
    return Stream.concat(Stream.of(now.signing()), now.others().stream())
        .map(Issuer::certificate)
        .toList();
  }

  /** The same in DER. */
  public List<Bytes> trustedBytes() {
    return encoded(trusted());
  }

  private static List<Bytes> encoded(List<X509Certificate> all) {
    List<Bytes> encoded = new ArrayList<>();
    try {
      for (X509Certificate one : all) {
        encoded.add(Bytes.copyOf(one.getEncoded()));
      }
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate of ours cannot be encoded", e);
    }
    return encoded;
  }

  /** Lower-case hexadecimal SHA-256 of the certificate of the CA that signs. */
  public String fingerprint() {
    return fingerprint(certificate());
  }

  /** Lower-case hexadecimal SHA-256 of a certificate. */
  public static String fingerprint(X509Certificate certificate) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return HexFormat.of().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The one of some CAs that signed a certificate. */
  public static Optional<X509Certificate> issuer(
      X509Certificate leaf, List<X509Certificate> among) {
    for (X509Certificate authority : among) {
      try {
        leaf.verify(authority.getPublicKey());
        return Optional.of(authority);
      } catch (GeneralSecurityException e) {
        // Another one's, then.
      }
    }
    return Optional.empty();
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
      return encoded(chain);
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
      Issuer by = issuers.signing();
      X509Certificate leaf =
          sign(
              by,
              CONTROL_PLANE,
              pair.getPublic(),
              SERVER_LIFE,
              new GeneralNames(all),
              KeyPurposeId.id_kp_serverAuth,
              KeyPurposeId.id_kp_clientAuth);
      return new Identity(pair.getPrivate(), List.of(leaf, by.certificate()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java cannot make an EC key", e);
    }
  }

  /** A node's certificate with that of the CA that made it. */
  public record Signed(X509Certificate certificate, X509Certificate issuer) {}

  /**
   * A client certificate for a node.
   *
   * @param request PKCS #10, DER; only its key is taken over
   * @return empty when the request is broken or its key too weak
   */
  public Optional<Signed> signNode(String node, byte[] request) {
    try {
      JcaPKCS10CertificationRequest csr = new JcaPKCS10CertificationRequest(request);
      PublicKey wanted = csr.getPublicKey();
      boolean proven = csr.isSignatureValid(new JcaContentVerifierProviderBuilder().build(wanted));
      if (!proven || !isStrong(wanted)) {
        return Optional.empty();
      }
      GeneralNames names = new GeneralNames(new GeneralName(GeneralName.dNSName, node));
      Issuer by = issuers.signing();
      return Optional.of(
          new Signed(
              sign(by, node, wanted, NODE_LIFE, names, KeyPurposeId.id_kp_clientAuth),
              by.certificate()));
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
      Issuer by,
      String name,
      PublicKey subject,
      Duration life,
      GeneralNames names,
      KeyPurposeId... purposes) {
    Instant now = clock.instant();
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              new X500Name(by.certificate().getSubjectX500Principal().getName()),
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
          .getCertificate(builder.build(new JcaContentSignerBuilder(ALGORITHM).build(by.key())));
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
