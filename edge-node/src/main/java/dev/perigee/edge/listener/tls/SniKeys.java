package dev.perigee.edge.listener.tls;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Picks the certificate of a handshake for one server name, from the table in force at that moment;
 * both engines ask it. A handshake that was begun before a swap may ask for its key after it, so
 * the table before is kept too.
 */
final class SniKeys extends X509ExtendedKeyManager {
  private final Supplier<List<CertificateTable>> tables;
  private final NamedTls.Which which;

  /**
   * @param tables the table in force, then the one before
   */
  SniKeys(Supplier<List<CertificateTable>> tables, NamedTls.Which which) {
    this.tables = tables;
    this.which = which;
  }

  /**
   * The JDK asks by each kind of key that the client takes. Netty asks by the server's own suites
   * and takes the first certificate that there is, also for a client that cannot use it: so the
   * kind was chosen before.
   */
  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    CertificateTable table = tables.get().getFirst();
    Optional<CertificateTable.Entry> rsa = table.find(which.serverName(), "RSA");
    Optional<CertificateTable.Entry> ec = table.find(which.serverName(), "EC");
    Optional<CertificateTable.Entry> found;
    if (engine instanceof ReferenceCountedOpenSslEngine) {
      found = which.ecdsa() ? ec.or(() -> rsa) : rsa.or(() -> ec);
    } else {
      found = keyType.startsWith("EC") ? ec : keyType.startsWith("RSA") ? rsa : Optional.empty();
    }
    return found.map(CertificateTable.Entry::alias).orElse(null);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return entry(alias).map(e -> e.loaded().chain().toArray(X509Certificate[]::new)).orElse(null);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return entry(alias).map(e -> e.loaded().key()).orElse(null);
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
