package dev.perigee.edge.config;

import dev.perigee.keys.Pem;
import dev.perigee.keys.SealingKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Who the node is to the control plane: its key, its certificate and the CA that it pinned when it
 * enrolled. Kept in one file, {@code identity.pem}, mode 600, its key sealed.
 */
public record Identity(PrivateKey key, X509Certificate certificate, X509Certificate ca) {
  private static final String PLACE = "the node's key";
  private static final String OPEN = "PRIVATE KEY";
  private static final String SEALED = "SEALED PRIVATE KEY";
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

  /** The node's name: the certificate's common name. */
  public String node() {
    return commonName(certificate);
  }

  /** The common name of a certificate's subject; empty where there is none. */
  static String commonName(X509Certificate certificate) {
    try {
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return String.valueOf(part.getValue());
        }
      }
      return "";
    } catch (InvalidNameException e) {
      return "";
    }
  }

  /** When to ask for a new certificate: after two thirds of its life. */
  public Instant renewAt() {
    Instant from = certificate.getNotBefore().toInstant();
    Duration life = Duration.between(from, certificate.getNotAfter().toInstant());
    return from.plus(life.multipliedBy(2).dividedBy(3));
  }

  /** What was saved; empty when the node never enrolled. */
  public static Optional<Identity> load(Path file, StateKeys keys) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    PrivateKey key = null;
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      Matcher matcher = BLOCK.matcher(Files.readString(file, StandardCharsets.US_ASCII));
      while (matcher.find()) {
        byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
        if (matcher.group(1).endsWith("PRIVATE KEY")) {
          byte[] opened = keys.open(PLACE, der);
          key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(opened));
        } else {
          certificates.add(parse(der));
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(file + " is damaged", e);
    }
    if (key == null || certificates.size() != 2) {
      throw new IOException(file + " is damaged");
    }
    return Optional.of(new Identity(key, certificates.get(0), certificates.get(1)));
  }

  /** Whether the key in the file is sealed as {@link #save} would seal it. */
  static boolean isCurrent(Path file, StateKeys keys) throws IOException {
    Matcher matcher = BLOCK.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    return matcher.find() && keys.isCurrent(Base64.getMimeDecoder().decode(matcher.group(2)));
  }

  /** Replaces the file; synced when this returns. */
  public void save(Path file, StateKeys keys) throws IOException {
    try {
      byte[] kept = keys.seal(PLACE, key.getEncoded());
      String kind = SealingKeys.enclosedBy(kept).isPresent() ? SEALED : OPEN;
      String text =
          Pem.of(kind, kept)
              + Pem.of("CERTIFICATE", certificate.getEncoded())
              + Pem.of("CERTIFICATE", ca.getEncoded());
      StateFile.replace(file, text.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IOException("the identity cannot be encoded", e);
    }
  }

  static X509Certificate parse(byte[] der) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "Identity[" + node() + "]";
  }
}
