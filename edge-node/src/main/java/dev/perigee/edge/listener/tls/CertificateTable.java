package dev.perigee.edge.listener.tls;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.table.HashTrie;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
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
   * One certificate, ready to be served.
   *
   * @param alias its id: the same bytes always have the same alias
   */
  record Entry(String alias, List<X509Certificate> chain, PrivateKey key) {
    Entry {
      chain = List.copyOf(chain);
    }

    String keyType() {
      return chain.getFirst().getPublicKey().getAlgorithm();
    }

    /** Without the key. */
    @Override
    public String toString() {
      return "Entry[" + alias + "]";
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
        Comparator.comparing((Entry entry) -> entry.chain().getFirst().getNotAfter())
            .thenComparing(Entry::alias);

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
      Entry entry = load(certificate);
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

  private static Entry load(CertificateConfig certificate) throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> chain = new ArrayList<>();
    for (Bytes der : certificate.chain()) {
      chain.add(
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der.toArray())));
    }
    PrivateKey key =
        KeyFactory.getInstance(chain.getFirst().getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(certificate.privateKey().toArray()));
    return new Entry(certificate.id(), chain, key);
  }
}
