package dev.perigee.edge.listener.tls;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.table.HashTrie;
import java.io.ByteArrayInputStream;
import java.lang.ref.SoftReference;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The certificates of one configuration by server name and kind of key: an exact name before a
 * wildcard of one label; of two for one name and kind, the one that ends later. Immutable; the next
 * one shares with it what has not changed, and only what is new is loaded.
 */
final class CertificateTable {
  private static final CertificateTable EMPTY =
      new CertificateTable(HashTrie.empty(), HashTrie.empty(), HashTrie.empty());

  /** By id, as they came. */
  private final HashTrie<CertificateConfig> certificates;

  private final HashTrie<Named> byHost;
  private final HashTrie<Entry> byAlias;

  private CertificateTable(
      HashTrie<CertificateConfig> certificates, HashTrie<Named> byHost, HashTrie<Entry> byAlias) {
    this.certificates = certificates;
    this.byHost = byHost;
    this.byAlias = byAlias;
  }

  /**
   * One certificate. Of a hundred thousand few are served in a minute, so what it takes to serve
   * one is not kept for all: it is read again from its bytes, which the configuration holds anyway.
   */
  static final class Entry {
    private final CertificateConfig config;
    private final String keyType;
    private final int curveBits;
    private final Instant notAfter;
    private volatile SoftReference<Loaded> loaded = new SoftReference<>(null);

    private Entry(CertificateConfig config) throws GeneralSecurityException {
      this.config = config;
      X509Certificate leaf = load(config).chain().getFirst();
      keyType = leaf.getPublicKey().getAlgorithm();
      curveBits =
          leaf.getPublicKey() instanceof ECPublicKey key
              ? key.getParams().getCurve().getField().getFieldSize()
              : 0;
      notAfter = leaf.getNotAfter().toInstant();
    }

    /** Its id: the same bytes always have the same alias. */
    String alias() {
      return config.id();
    }

    /** {@code RSA} or {@code EC}. */
    String keyType() {
      return keyType;
    }

    /** Of the field of its curve; 0 for a key that is on none. */
    int curveBits() {
      return curveBits;
    }

    Instant notAfter() {
      return notAfter;
    }

    /** It and its key, ready to be served. */
    Loaded loaded() {
      Loaded known = loaded.get();
      if (known != null) {
        return known;
      }
      try {
        Loaded fresh = load(config);
        loaded = new SoftReference<>(fresh);
        return fresh;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("a certificate that could be loaded before", e);
      }
    }

    /** Without the key. */
    @Override
    public String toString() {
      return "Entry[" + alias() + "]";
    }
  }

  /**
   * A certificate as objects.
   *
   * @param chain the leaf first
   */
  record Loaded(List<X509Certificate> chain, PrivateKey key) {
    Loaded {
      chain = List.copyOf(chain);
    }

    /** Without the key. */
    @Override
    public String toString() {
      return "Loaded" + chain;
    }
  }

  /**
   * The certificates for one name.
   *
   * @param all the one that ends first, first
   * @param best by kind of key
   */
  private record Named(List<Entry> all, Map<String, Entry> best) {
    private static final Comparator<Entry> ORDER =
        Comparator.comparing(Entry::notAfter).thenComparing(Entry::alias);

    static Named of(List<Entry> entries) {
      List<Entry> all = entries.stream().sorted(ORDER).toList();
      Map<String, Entry> best = new HashMap<>();
      all.forEach(entry -> best.put(entry.keyType(), entry));
      return new Named(all, Map.copyOf(best));
    }
  }

  static CertificateTable empty() {
    return EMPTY;
  }

  /**
   * The table of other certificates, made of this one by what is not the same; this one where all
   * is.
   *
   * @throws GeneralSecurityException when one of them cannot be loaded
   */
  CertificateTable with(HashTrie<CertificateConfig> others) throws GeneralSecurityException {
    List<CertificateConfig> gone = new ArrayList<>();
    List<CertificateConfig> fresh = new ArrayList<>();
    others.changesSince(
        certificates,
        (id, before, after) -> {
          Optional.ofNullable(before).ifPresent(gone::add);
          Optional.ofNullable(after).ifPresent(fresh::add);
        });
    if (gone.isEmpty() && fresh.isEmpty()) {
      return this;
    }
    Map<String, List<Entry>> names = new HashMap<>();
    Map<String, Entry> aliases = new HashMap<>();
    for (CertificateConfig certificate : gone) {
      for (String host : certificate.hosts()) {
        entriesOf(names, host).removeIf(entry -> entry.alias().equals(certificate.id()));
      }
    }
    for (CertificateConfig certificate : fresh) {
      Entry entry = new Entry(certificate);
      aliases.put(entry.alias(), entry);
      Set.copyOf(certificate.hosts()).forEach(host -> entriesOf(names, host).add(entry));
    }
    Map<String, Named> named = new HashMap<>();
    List<String> unnamed = new ArrayList<>();
    names.forEach(
        (host, entries) -> {
          if (entries.isEmpty()) {
            unnamed.add(host);
          } else {
            named.put(host, Named.of(entries));
          }
        });
    List<String> unknown = gone.stream().map(CertificateConfig::id).toList();
    return new CertificateTable(
        others,
        byHost.withAll(named).withoutAll(unnamed),
        byAlias.withoutAll(unknown).withAll(aliases));
  }

  /** Those for a host: as this table knows them until they are changed. */
  private List<Entry> entriesOf(Map<String, List<Entry>> names, String host) {
    return names.computeIfAbsent(
        host,
        name -> {
          Named known = byHost.find(name);
          return new ArrayList<>(known == null ? List.of() : known.all());
        });
  }

  /** Whether any certificate is for this server name. */
  boolean covers(String serverName) {
    return !entries(serverName).isEmpty();
  }

  /**
   * The certificate for a server name.
   *
   * @param keyType {@code RSA} or {@code EC}
   */
  Optional<Entry> find(String serverName, String keyType) {
    return Optional.ofNullable(entries(serverName).get(keyType));
  }

  Optional<Entry> byAlias(String alias) {
    return Optional.ofNullable(byAlias.find(alias));
  }

  private Map<String, Entry> entries(String serverName) {
    String name = serverName.toLowerCase(Locale.ROOT);
    Named exact = byHost.find(name);
    if (exact != null) {
      return exact.best();
    }
    int dot = name.indexOf('.');
    Named covering = dot <= 0 ? null : byHost.find("*" + name.substring(dot));
    return covering == null ? Map.of() : covering.best();
  }

  private static Loaded load(CertificateConfig certificate) throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> chain = new ArrayList<>();
    for (Bytes der : certificate.chain()) {
      chain.add(
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der.toArray())));
    }
    PrivateKey key =
        KeyFactory.getInstance(chain.getFirst().getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(certificate.privateKey().toArray()));
    return new Loaded(chain, key);
  }
}
