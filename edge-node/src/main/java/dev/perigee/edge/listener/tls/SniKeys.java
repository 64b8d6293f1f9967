package dev.perigee.edge.listener.tls;

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
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Picks the certificate of a handshake by the server name in it, from the table in force at that
 * moment; both engines ask it. A handshake that was begun before a swap may ask for its key after
 * it, so the table before is kept too.
 */
final class SniKeys extends X509ExtendedKeyManager {
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
    String wanted = keyType.startsWith("EC") ? "EC" : keyType.startsWith("RSA") ? "RSA" : keyType;
    return serverName(engine)
        .flatMap(name -> tables.get().getFirst().find(name, wanted))
        .map(CertificateTable.Entry::alias)
        .orElse(null);
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
