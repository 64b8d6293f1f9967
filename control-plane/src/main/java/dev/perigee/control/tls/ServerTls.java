package dev.perigee.control.tls;

import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** What a port speaks: TLS 1.3 and 1.2 with forward secrecy, and a certificate that may change. */
public final class ServerTls {
  /** Nothing before TLS 1.2 (RFC 8996). */
  public static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

  /** Those of RFC 9325, section 4.2, that the JDK has: authenticated, with ephemeral keys. */
  public static final List<String> CIPHER_SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private final CertificateSource source;

  public ServerTls(CertificateSource source) {
    this.source = source;
  }

  /** One that shows what the source has now. */
  public SSLContext context() {
    return context(source.current());
  }

  /**
   * Has a port show what the source has, now and whenever it changes. Connections that are open,
   * and sessions that are resumed, keep to the one that they began with.
   */
  public void follow(Consumer<SSLContext> port) {
    source.follow(fresh -> port.accept(context(fresh)));
  }

  private static SSLContext context(ServerCertificate shown) {
    try {
      // Its password guards nothing: the store lives in memory alone, beside the key.
      char[] password = new char[0];
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, password);
      keys.setKeyEntry("own", shown.key(), password, shown.chain().toArray(Certificate[]::new));
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, password);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the JDK does not take this certificate", e);
    }
  }
}
