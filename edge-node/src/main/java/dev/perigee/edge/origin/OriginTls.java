package dev.perigee.edge.origin;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.table.HashTrie;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom the node believes at each pool's servers, and who it says it is there: a TLS context for all
 * pools with the same settings, made when a configuration comes into force and never for a request.
 */
public final class OriginTls {
  private static final Logger LOG = LoggerFactory.getLogger(OriginTls.class);

  private final SSLContext usual;
  private final Map<Settings, Used> contexts = new ConcurrentHashMap<>();

  /** Whose settings the contexts are; guarded by this. */
  private HashTrie<SiteConfig> sites = HashTrie.empty();

  /**
   * @param usual for pools that name neither authorities nor a certificate
   */
  public OriginTls(SSLContext usual) {
    this.usual = usual;
  }

  /**
   * A context.
   *
   * @param pools how many have its settings
   */
  private record Used(Optional<SSLContext> context, int pools) {}

  private record Settings(List<Bytes> trusted, List<Bytes> chain, Optional<Bytes> key) {
    static Settings of(OriginTransport transport) {
      return new Settings(transport.trustedCas(), transport.clientChain(), transport.clientKey());
    }

    boolean isUsual() {
      return trusted.isEmpty() && key.isEmpty();
    }
  }

  /**
   * Makes the contexts of these sites' pools and forgets all others. What cannot be made is logged,
   * and every handshake of its pool fails.
   *
   * @param all by id
   */
  public synchronized void swap(HashTrie<SiteConfig> all) {
    List<Settings> gone = new ArrayList<>();
    all.changesSince(
        sites,
        (id, before, after) -> {
          unusual(after).forEach(this::use);
          gone.addAll(unusual(before));
        });
    gone.forEach(
        settings ->
            contexts.computeIfPresent(
                settings,
                (key, used) -> used.pools > 1 ? new Used(used.context, used.pools - 1) : null));
    sites = all;
  }

  private void use(Settings settings) {
    Used known = contexts.get(settings);
    contexts.put(
        settings,
        known == null ? new Used(made(settings), 1) : new Used(known.context, known.pools + 1));
  }

  private static List<Settings> unusual(@Nullable SiteConfig site) {
    return site == null
        ? List.of()
        : site.pools().pools().stream()
            .map(pool -> Settings.of(pool.transport()))
            .filter(settings -> !settings.isUsual())
            .toList();
  }

  /** The context of a pool; empty where there is none that can be used. */
  public Optional<SSLContext> context(OriginTransport transport) {
    Settings settings = Settings.of(transport);
    if (settings.isUsual()) {
      return Optional.of(usual);
    }
    Used used = contexts.get(settings);
    return used == null ? Optional.empty() : used.context;
  }

  /** The context of a pool's health checks: where there is none, one that believes nobody. */
  public SSLContext forChecks(OriginTransport transport) {
    return context(transport).orElseGet(OriginTls::distrustful);
  }

  private static SSLContext distrustful() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[0], new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK has no TLS", e);
    }
  }

  private static Optional<SSLContext> made(Settings settings) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(settings), trust(settings), null);
      return Optional.of(context);
    } catch (GeneralSecurityException | IOException e) {
      LOG.error("a pool's certificates cannot be used: its https servers will not be asked", e);
      return Optional.empty();
    }
  }

  private static KeyManager[] keys(Settings settings) throws GeneralSecurityException, IOException {
    if (settings.key.isEmpty()) {
      return new KeyManager[0];
    }
    List<X509Certificate> chain = certificates(settings.chain);
    PrivateKey key =
        KeyFactory.getInstance(chain.getFirst().getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(settings.key.get().toArray()));
    KeyStore store = empty();
    store.setKeyEntry("node", key, new char[0], chain.toArray(Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  /** The usual authorities where none are named. */
  private static TrustManager[] trust(Settings settings)
      throws GeneralSecurityException, IOException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    if (settings.trusted.isEmpty()) {
      factory.init((KeyStore) null);
      return factory.getTrustManagers();
    }
    KeyStore store = empty();
    for (X509Certificate authority : certificates(settings.trusted)) {
      store.setCertificateEntry("authority-" + store.size(), authority);
    }
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    return store;
  }

  private static List<X509Certificate> certificates(List<Bytes> encoded)
      throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> all = new ArrayList<>();
    for (Bytes der : encoded) {
      var in = new ByteArrayInputStream(der.toArray());
      all.add((X509Certificate) factory.generateCertificate(in));
    }
    return all;
  }
}
