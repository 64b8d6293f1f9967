package dev.perigee.edge.listener.tls;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The certificates of one configuration by server name and kind of key: an exact name before a
 * wildcard of one label; of two for one name and kind, the one that ends later. Immutable.
 */
final class CertificateTable {
  private final Map<String, Map<String, Entry>> byHost = new HashMap<>();
  private final Map<String, Entry> byAlias = new HashMap<>();

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

  private CertificateTable() {}

  static CertificateTable empty() {
    return new CertificateTable();
  }

  /**
   * The table of these certificates.
   *
   * @throws GeneralSecurityException when one of them cannot be loaded
   */
  static CertificateTable of(Collection<CertificateConfig> certificates)
      throws GeneralSecurityException {
    CertificateTable table = new CertificateTable();
    for (CertificateConfig certificate : certificates) {
      Entry entry = load(certificate);
      table.byAlias.put(entry.alias(), entry);
      for (String host : certificate.hosts()) {
        table
            .byHost
            .computeIfAbsent(host, h -> new HashMap<>())
            .merge(entry.keyType(), entry, CertificateTable::longer);
      }
    }
    return table;
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
    return Optional.ofNullable(byAlias.get(alias));
  }

  private Map<String, Entry> entries(String serverName) {
    String name = serverName.toLowerCase(Locale.ROOT);
    Map<String, Entry> exact = byHost.get(name);
    if (exact != null) {
      return exact;
    }
    int dot = name.indexOf('.');
    return dot <= 0 ? Map.of() : byHost.getOrDefault("*" + name.substring(dot), Map.of());
  }

  private static Entry longer(Entry one, Entry other) {
    Comparator<Entry> byEnd = Comparator.comparing(e -> e.chain().getFirst().getNotAfter());
    return byEnd.compare(one, other) > 0 ? one : other;
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
