package dev.perigee.keys;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * A key manager that shows one EC certificate, whichever it is just now. TLS asks for the key and
 * for the chain one after the other: a handshake that has begun gets both of the certificate that
 * it began with, though another one took its place between.
 */
public abstract class SoleKeyManager extends X509ExtendedKeyManager {
  private static final String ALGORITHM = "EC";

  /** Certificates that handshakes may have begun with; they change once in days. */
  private static final int MOST_BEGUN = 4;

  // Guarded by this.
  private final Map<String, Shown> begun = new HashMap<>();
  private long count;

  /** For those that say what is shown. */
  protected SoleKeyManager() {}

  /**
   * A certificate and its key.
   *
   * @param chain its own comes first
   */
  public record Shown(PrivateKey key, List<X509Certificate> chain) {
    /** Copies the collection. */
    public Shown {
      chain = List.copyOf(chain);
    }
  }

  /** What is shown now. */
  protected abstract Shown shown();

  private @Nullable String alias(String... algorithms) {
    for (String algorithm : algorithms) {
      // Of a client's list, also how its certificate is signed: EC_EC.
      if (algorithm.startsWith(ALGORITHM)) {
        return begin();
      }
    }
    return null;
  }

  private synchronized String begin() {
    Shown now = shown();
    if (!now.equals(begun.get(newest()))) {
      count++;
      begun.put(newest(), now);
      begun.remove(Long.toString(count - MOST_BEGUN));
    }
    return newest();
  }

  private String newest() {
    return Long.toString(count);
  }

  private synchronized Optional<Shown> of(String alias) {
    return Optional.ofNullable(begun.get(alias));
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
    return new String[] {begin()};
  }

  @Override
  public String[] getServerAliases(String algorithm, Principal @Nullable [] issuers) {
    return new String[] {begin()};
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return of(alias).map(one -> one.chain().toArray(X509Certificate[]::new)).orElse(null);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return of(alias).map(Shown::key).orElse(null);
  }
}
