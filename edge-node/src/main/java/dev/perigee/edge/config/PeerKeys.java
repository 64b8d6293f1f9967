package dev.perigee.edge.config;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Shows this node's own certificate to other nodes, whoever began the connection. */
final class PeerKeys extends X509ExtendedKeyManager {
  private static final String ALIAS = "node";
  private static final String ALGORITHM = "EC";

  private final Supplier<Identity> identity;

  PeerKeys(Supplier<Identity> identity) {
    this.identity = identity;
  }

  private static @Nullable String alias(String... algorithms) {
    for (String algorithm : algorithms) {
      if (algorithm.equals(ALGORITHM)) {
        return ALIAS;
      }
    }
    return null;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] algorithms, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return alias(algorithms);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String algorithm, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return alias(algorithm);
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] algorithms, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return alias(algorithms);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String algorithm, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return alias(algorithm);
  }

  @Override
  public String[] getClientAliases(String algorithm, Principal @Nullable [] issuers) {
    return new String[] {ALIAS};
  }

  @Override
  public String[] getServerAliases(String algorithm, Principal @Nullable [] issuers) {
    return new String[] {ALIAS};
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    Identity own = identity.get();
    return new X509Certificate[] {own.certificate(), own.ca()};
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return identity.get().key();
  }
}
