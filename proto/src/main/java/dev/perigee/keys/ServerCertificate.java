package dev.perigee.keys;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A certificate that a port shows, with its key: read from PEM (RFC 7468), where what does not fit
 * is refused.
 *
 * @param chain the leaf first, each signed by the one behind it
 * @param key of the leaf
 */
public record ServerCertificate(List<X509Certificate> chain, PrivateKey key) {
  private static final int MAX_CHAIN = 10;
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^-]*)-----END \\1-----");
  private static final String PKCS8 = "PRIVATE KEY";

  public ServerCertificate {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least its leaf");
    }
  }

  /**
   * Reads both.
   *
   * @throws IOException with a sentence that says what to do
   */
  public static ServerCertificate read(String chainPem, String keyPem) throws IOException {
    List<X509Certificate> chain = chain(chainPem);
    PrivateKey key = key(keyPem, chain.getFirst().getPublicKey());
    if (!isOf(key, chain.getFirst().getPublicKey())) {
      throw new IOException(
          "the key does not belong to the first certificate: the server's own comes first, then"
              + " those that signed it");
    }
    for (int i = 0; i + 1 < chain.size(); i++) {
      requireSigned(i + 1, chain.get(i), chain.get(i + 1));
    }
    return new ServerCertificate(chain, key);
  }

  public X509Certificate leaf() {
    return chain.getFirst();
  }

  /** When its own certificate begins. */
  public Instant notBefore() {
    return leaf().getNotBefore().toInstant();
  }

  /** When the first of the chain expires. */
  public Instant notAfter() {
    return chain.stream()
        .map(one -> one.getNotAfter().toInstant())
        .min(Instant::compareTo)
        .orElseThrow();
  }

  /** Never the key. */
  @Override
  public String toString() {
    return leaf().getSubjectX500Principal() + ", valid until " + notAfter();
  }

  private static List<X509Certificate> chain(String pem) throws IOException {
    List<X509Certificate> chain = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
      for (Certificate one : factory.generateCertificates(new ByteArrayInputStream(bytes))) {
        chain.add((X509Certificate) one);
      }
    } catch (CertificateException e) {
      throw new IOException("is no PEM certificate chain: " + e.getMessage(), e);
    }
    if (chain.isEmpty() || chain.size() > MAX_CHAIN) {
      throw new IOException("must be PEM with 1 to " + MAX_CHAIN + " certificates");
    }
    return chain;
  }

  private static PrivateKey key(String pem, PublicKey of) throws IOException {
    Matcher found = KEY.matcher(pem);
    if (!found.find()) {
      throw new IOException("holds no PEM private key");
    }
    if (!found.group(1).equals(PKCS8)) {
      throw new IOException(
          "holds a key as %s: make it PKCS #8 with openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW"
              .formatted(found.group(1)));
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(found.group(2));
      return KeyFactory.getInstance(of.getAlgorithm())
          .generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      throw new IOException(
          "holds no key of the certificate's kind (" + of.getAlgorithm() + ")", e);
    }
  }

  /** Signs something with the one and verifies with the other. */
  private static boolean isOf(PrivateKey key, PublicKey of) throws IOException {
    String algorithm =
        switch (of.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default ->
              throw new IOException("has a key that is neither RSA nor EC: " + of.getAlgorithm());
        };
    try {
      byte[] something = of.getEncoded();
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(something);
      byte[] signed = signature.sign();
      signature.initVerify(of);
      signature.update(something);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static void requireSigned(int number, X509Certificate one, X509Certificate issuer)
      throws IOException {
    try {
      one.verify(issuer.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "number %d of the chain is not signed by the one behind it".formatted(number), e);
    }
  }
}
