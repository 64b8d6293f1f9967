package dev.perigee.edge.listener.tls;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Picks the certificate of a handshake by the server name in it, from the table in force at that
 * moment; both engines ask it. A handshake that was begun before a swap may ask for its key after
 * it, so the table before is kept too.
 */
final class SniKeys extends X509ExtendedKeyManager {
  /** Set in the session of a client that offers no suite for ECDSA certificates. */
  static final String WITHOUT_ECDSA = "perigee.without-ecdsa";

  private final Supplier<List<CertificateTable>> tables;

  /**
   * @param tables the table in force, then the one before
   */
  SniKeys(Supplier<List<CertificateTable>> tables) {
    this.tables = tables;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    Optional<String> name = serverName(engine);
    if (name.isEmpty()) {
      return null;
    }
    CertificateTable table = tables.get().getFirst();
    Optional<CertificateTable.Entry> rsa = table.find(name.get(), "RSA");
    Optional<CertificateTable.Entry> ec = table.find(name.get(), "EC");
    if (engine instanceof ReferenceCountedOpenSslEngine) {
      return (withoutEcdsa(engine) ? rsa : ec.or(() -> rsa))
          .map(CertificateTable.Entry::alias)
          .orElse(null);
    }
    Optional<CertificateTable.Entry> found =
        keyType.startsWith("EC") ? ec : keyType.startsWith("RSA") ? rsa : Optional.empty();
    return found.map(CertificateTable.Entry::alias).orElse(null);
  }

  /**
   * Netty asks by the server's own suites and takes the first kind of key that there is, also for a
   * client that cannot use it: so the client's suites were noted in the session before.
   */
  private static boolean withoutEcdsa(SSLEngine engine) {
    SSLSession session = engine.getHandshakeSession();
    return session != null && session.getValue(WITHOUT_ECDSA) != null;
  }

  private static Optional<String> serverName(SSLEngine engine) {
    if (engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
      for (SNIServerName name : session.getRequestedServerNames()) {
        if (name instanceof SNIHostName host) {
          return Optional.of(host.getAsciiName());
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return entry(alias).map(e -> e.chain().toArray(X509Certificate[]::new)).orElse(null);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return entry(alias).map(CertificateTable.Entry::key).orElse(null);
  }

  private Optional<CertificateTable.Entry> entry(String alias) {
    return tables.get().stream().flatMap(table -> table.byAlias(alias).stream()).findFirst();
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
