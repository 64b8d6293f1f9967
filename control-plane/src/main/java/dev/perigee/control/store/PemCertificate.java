package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.HostName;
import dev.perigee.contract.Problem;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;

/** Reads and checks what an owner uploads: a chain and its key, both PEM. */
final class PemCertificate {
  private static final int DNS_NAME = 2;
  private static final int MAX_CHAIN = 10;

  /** Of chain and key: they must fit into one message to an edge. */
  private static final int MAX_BYTES = 64 * 1024;

  private PemCertificate() {}

  /** The answer. */
  sealed interface Read {
    record Sound(CertificateConfig config, X509Certificate leaf) implements Read {}

    record Unsound(Problem problem) implements Read {}
  }

  static Read read(String chainPem, String keyPem, Instant now) {
    List<X509Certificate> chain;
    PrivateKey key;
    try {
      chain = chain(chainPem);
    } catch (IOException | CertificateException e) {
      return unsound("certificate", "is no PEM certificate chain");
    }
    if (chain.isEmpty()) {
      return unsound("certificate", "is no PEM certificate chain");
    }
    try {
      key = key(keyPem);
    } catch (IOException | GeneralSecurityException e) {
      return unsound("privateKey", "is no unencrypted PEM private key");
    }
    return checked(chain, key, now);
  }

  private static Read checked(List<X509Certificate> chain, PrivateKey key, Instant now) {
    if (chain.size() > MAX_CHAIN) {
      return unsound("certificate", "must hold at most " + MAX_CHAIN + " certificates");
    }
    X509Certificate leaf = chain.getFirst();
    if (leaf.getNotAfter().toInstant().isBefore(now)) {
      return unsound("certificate", "expired at " + leaf.getNotAfter().toInstant());
    }
    if (leaf.getNotBefore().toInstant().isAfter(now)) {
      return unsound("certificate", "is not valid before " + leaf.getNotBefore().toInstant());
    }
    if (!matches(leaf, key)) {
      return unsound("privateKey", "does not belong to the first certificate of the chain");
    }
    for (int i = 0; i + 1 < chain.size(); i++) {
      if (!isSignedBy(chain.get(i), chain.get(i + 1))) {
        return unsound(
            "certificate",
            "number " + (i + 1) + " of the chain is not signed by the one behind it");
      }
    }
    Optional<List<String>> hosts = hosts(leaf);
    if (hosts.isEmpty() || hosts.get().isEmpty()) {
      return unsound("certificate", "names no DNS host (subjectAltName)");
    }
    return sound(chain, key, hosts.get());
  }

  private static Read sound(List<X509Certificate> chain, PrivateKey key, List<String> hosts) {
    try {
      List<Bytes> ders = new ArrayList<>();
      for (X509Certificate certificate : chain) {
        ders.add(Bytes.copyOf(certificate.getEncoded()));
      }
      int bytes = key.getEncoded().length + ders.stream().mapToInt(Bytes::length).sum();
      if (bytes > MAX_BYTES) {
        return unsound("certificate", "has more than " + MAX_BYTES + " bytes with its key");
      }
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(ders.getFirst().toArray());
      CertificateConfig config =
          new CertificateConfig(
              Bytes.copyOf(digest).toHex(), hosts, ders, Bytes.copyOf(key.getEncoded()));
      return new Read.Sound(config, chain.getFirst());
    } catch (GeneralSecurityException e) {
      return unsound("certificate", "cannot be encoded");
    }
  }

  private static Read unsound(String field, String reason) {
    return new Read.Unsound(new Problem(field, reason));
  }

  private static List<X509Certificate> chain(String pem) throws IOException, CertificateException {
    List<X509Certificate> chain = new ArrayList<>();
    JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object part = parser.readObject(); part != null; part = parser.readObject()) {
        if (part instanceof X509CertificateHolder holder) {
          chain.add(converter.getCertificate(holder));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("not PEM", e);
    }
    return chain;
  }

  private static PrivateKey key(String pem) throws IOException, GeneralSecurityException {
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object part = parser.readObject(); part != null; part = parser.readObject()) {
        PrivateKeyInfo info =
            switch (part) {
              case PEMKeyPair pair -> pair.getPrivateKeyInfo();
              case PrivateKeyInfo bare -> bare;
              default -> null;
            };
        if (info != null) {
          String algorithm =
              switch (info.getPrivateKeyAlgorithm().getAlgorithm().getId()) {
                case "1.2.840.113549.1.1.1" -> "RSA";
                case "1.2.840.10045.2.1" -> "EC";
                default -> throw new GeneralSecurityException("neither RSA nor EC");
              };
          return KeyFactory.getInstance(algorithm)
              .generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("not PEM", e);
    }
    throw new IOException("no key in the PEM");
  }

  /** Signs something with the one and verifies with the other. */
  private static boolean matches(X509Certificate leaf, PrivateKey key) {
    boolean ec = key.getAlgorithm().equals("EC");
    try {
      Signature signature = Signature.getInstance(ec ? "SHA256withECDSA" : "SHA256withRSA");
      byte[] something = leaf.getSerialNumber().toByteArray();
      signature.initSign(key);
      signature.update(something);
      byte[] signed = signature.sign();
      signature.initVerify(leaf.getPublicKey());
      signature.update(something);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static Optional<List<String>> hosts(X509Certificate leaf) {
    List<String> hosts = new ArrayList<>();
    try {
      Collection<List<?>> names = leaf.getSubjectAlternativeNames();
      if (names == null) {
        return Optional.empty();
      }
      for (List<?> name : names) {
        if (name.getFirst() instanceof Integer kind && kind == DNS_NAME) {
          HostName.normalisePattern((String) name.get(1)).ifPresent(hosts::add);
        }
      }
      return Optional.of(hosts);
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }
}
