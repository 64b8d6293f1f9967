package dev.perigee.control.pki;

import dev.perigee.control.pki.EdgeAuthority.Identity;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificate that this control plane shows, and its key: a new one when another CA signs, and
 * long before it expires. Connections that are open go on.
 */
public final class ControlIdentity extends X509ExtendedKeyManager implements Supplier<Identity> {
  private static final String ALIAS = "control-plane";
  private static final String ALGORITHM = "EC";

  private final InstantSource clock;
  private volatile Identity identity;

  /** One that is at hand. */
  public ControlIdentity(Identity identity, InstantSource clock) {
    this.identity = identity;
    this.clock = clock;
  }

  @Override
  public Identity get() {
    return identity;
  }

  /** Makes a new one where it is due. */
  public void look(EdgeAuthority authority, List<String> names) {
    X509Certificate leaf = identity.chain().getFirst();
    Instant from = leaf.getNotBefore().toInstant();
    Duration life = Duration.between(from, leaf.getNotAfter().toInstant());
    boolean old = clock.instant().isAfter(from.plus(life.dividedBy(2)));
    if (old || !identity.chain().getLast().equals(authority.certificate())) {
      identity = authority.controlIdentity(names);
    }
  }

  private static @Nullable String alias(String... algorithms) {
    for (String algorithm : algorithms) {
      if (algorithm.startsWith(ALGORITHM)) {
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
    return identity.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return identity.key();
  }
}
