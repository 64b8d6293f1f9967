package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.Problem;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** Certificates in PostgreSQL. */
public final class PostgresCertificateStore implements CertificateStore {
  private static final String SUMMARY =
      "SELECT id, hosts, issuer, not_before, not_after, organisation, acme_site"
          + " FROM certificate";
  private static final String WITH_KEY =
      "SELECT id, hosts, chain, private_key, organisation, sealed_by FROM certificate";

  private final Database database;
  private final LogNumbers numbers;
  private final InstantSource clock;
  private final KeyRing keys;

  /** One whose private keys lie open. */
  public PostgresCertificateStore(Database database, LogNumbers numbers, InstantSource clock) {
    this(database, numbers, clock, KeyRing.none());
  }

  /**
   * Certificates in a database.
   *
   * @param keys that private keys are sealed with
   */
  public PostgresCertificateStore(
      Database database, LogNumbers numbers, InstantSource clock, KeyRing keys) {
    this.database = database;
    this.numbers = numbers;
    this.clock = clock;
    this.keys = keys;
  }

  /** What the private key of one is sealed as. */
  static String row(String id) {
    return "certificate " + id;
  }

  @Override
  public Change<CertificateSummary> add(
      String organisation, boolean byOperator, String chainPem, String privateKeyPem) {
    return switch (PemCertificate.read(chainPem, privateKeyPem, clock.instant())) {
      case PemCertificate.Read.Unsound(var problem) -> new Change.Invalid<>(List.of(problem));
      case PemCertificate.Read.Sound(CertificateConfig config, X509Certificate leaf) -> {
        Change<CertificateSummary> change =
            database.inTransaction(
                handle -> insert(handle, organisation, byOperator, config, leaf));
        numbers.wake();
        yield change;
      }
    };
  }

  /**
   * Takes what an authority issued for a site, in place of what it issued before: edges get the one
   * and lose the other at once.
   */
  public Change<CertificateSummary> issued(AcmeSite site, String chainPem, String privateKeyPem) {
    return switch (PemCertificate.read(chainPem, privateKeyPem, clock.instant())) {
      case PemCertificate.Read.Unsound(var problem) -> new Change.Invalid<>(List.of(problem));
      case PemCertificate.Read.Sound(CertificateConfig config, X509Certificate leaf) -> {
        Change<CertificateSummary> change =
            database.inTransaction(handle -> replace(handle, site, config, leaf));
        numbers.wake();
        yield change;
      }
    };
  }

  private Change<CertificateSummary> replace(
      Handle handle, AcmeSite site, CertificateConfig config, X509Certificate leaf) {
    List<String> before =
        handle
            .createQuery("DELETE FROM certificate WHERE acme_site = ? AND id <> ? RETURNING id")
            .bind(0, site.id())
            .bind(1, config.id())
            .mapTo(String.class)
            .list();
    Change<CertificateSummary> change = insert(handle, site.organisation(), false, config, leaf);
    if (change instanceof Change.Committed<CertificateSummary>) {
      handle.execute("UPDATE certificate SET acme_site = ? WHERE id = ?", site.id(), config.id());
      before.forEach(id -> LogNumbers.nextRevision(handle, "certificate", id));
    } else {
      handle.rollback();
    }
    return change;
  }

  private Change<CertificateSummary> insert(
      Handle handle,
      String organisation,
      boolean byOperator,
      CertificateConfig config,
      X509Certificate leaf) {
    // A tenant's are counted: one after the other, so that no two take the last place.
    if (!(byOperator
        ? OrganisationStore.hold(handle, organisation)
        : OrganisationStore.holdAlone(handle, organisation))) {
      return new Change.Invalid<>(List.of(new Problem("organisation", "is not known")));
    }
    Optional<String> refusal =
        byOperator ? Optional.empty() : refusal(handle, organisation, config);
    if (refusal.isPresent()) {
      return new Change.Conflict<>(new Problem("certificate", refusal.get()));
    }
    KeyRing.Kept kept = keys.seal(row(config.id()), config.privateKey());
    Base64.Encoder encoder = Base64.getEncoder();
    int rows =
        handle.execute(
            "INSERT INTO certificate AS c (id, hosts, issuer, not_before, not_after, chain,"
                + " private_key, sealed_by, organisation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                + " ON CONFLICT (id) DO UPDATE SET chain = excluded.chain,"
                + " private_key = excluded.private_key, sealed_by = excluded.sealed_by,"
                + " acme_site = NULL WHERE ? OR c.organisation = excluded.organisation",
            config.id(),
            config.hosts().toArray(String[]::new),
            leaf.getIssuerX500Principal().getName(),
            Timestamp.from(leaf.getNotBefore().toInstant()),
            Timestamp.from(leaf.getNotAfter().toInstant()),
            config.chain().stream()
                .map(der -> encoder.encodeToString(der.toArray()))
                .toArray(String[]::new),
            kept.content().toArray(),
            kept.by().orElse(null),
            organisation,
            byOperator);
    if (rows == 0) {
      // Whoever has its key may know that it is here.
      String reason = "is here already, for somebody else: ask the network's operator";
      return new Change.Conflict<>(new Problem("certificate", reason));
    }
    long revision = LogNumbers.nextRevision(handle, "certificate", config.id());
    return new Change.Committed<>(find(handle, Purview.ALL, config.id()).orElseThrow(), revision);
  }

  /** Why what an authority would issue for a site could not be kept; empty where it could. */
  public Optional<String> obstacle(AcmeSite site) {
    return database.read(handle -> full(handle, site.organisation(), "acme_site", site.id()));
  }

  /** Whether one more is too many; the operators' own are counted by nobody. */
  private static Optional<String> full(
      Handle handle, String organisation, String replaced, String value) {
    int others =
        handle
            .createQuery(
                "SELECT count(*) FROM certificate WHERE organisation = ? AND %s IS DISTINCT FROM ?"
                    .formatted(replaced))
            .bind(0, organisation)
            .bind(1, value)
            .mapTo(Integer.class)
            .one();
    return organisation.equals(Organisation.FIRST) || others < Organisation.MOST_CERTIFICATES
        ? Optional.empty()
        : Optional.of(
            "would be one more than the %d of an organisation: remove old ones"
                .formatted(Organisation.MOST_CERTIFICATES));
  }

  /** Why an organisation may not have it; empty where it may. */
  private static Optional<String> refusal(
      Handle handle, String organisation, CertificateConfig config) {
    Optional<String> full = full(handle, organisation, "id", config.id());
    if (full.isPresent()) {
      return full;
    }
    for (String host : config.hosts()) {
      if (!HostClaims.holds(handle, organisation, host)) {
        return Optional.of(
            "is for %1$s, which is not yours until you prove it: perigee host prove %1$s"
                .formatted(host));
      }
    }
    return Optional.empty();
  }

  /**
   * Takes what organisations had for hosts that went over to another one. Its keys go from the
   * nodes, too.
   */
  static void withdraw(Handle handle, Set<String> organisations, Set<String> hosts) {
    if (organisations.isEmpty()) {
      return;
    }
    List<CertificateSummary> gone =
        handle
            .createQuery(
                "DELETE FROM certificate WHERE organisation = ANY (?) AND hosts && ?::text[]"
                    + " RETURNING id, hosts, issuer, not_before, not_after, organisation,"
                    + " acme_site")
            .bind(0, organisations.toArray(String[]::new))
            .bind(1, hosts.toArray(String[]::new))
            .map((row, context) -> summary(row))
            .list();
    for (CertificateSummary one : gone) {
      AuditLog.alsoNote(handle, one.id(), one.organisation());
      LogNumbers.nextRevision(handle, "certificate", one.id());
    }
  }

  @Override
  public Change<CertificateSummary> remove(Purview purview, String id) {
    Change<CertificateSummary> change =
        database.inTransaction(
            handle -> {
              Optional<CertificateSummary> found = find(handle, purview, id);
              if (found.isEmpty()) {
                return new Change.Unknown<>();
              }
              handle.execute("DELETE FROM certificate WHERE id = ?", id);
              long revision = LogNumbers.nextRevision(handle, "certificate", id);
              return new Change.Committed<>(found.get(), revision);
            });
    numbers.wake();
    return change;
  }

  @Override
  public List<CertificateSummary> all(Purview purview) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    SUMMARY
                        + " WHERE true"
                        + Purview.OF_ORGANISATION
                        + " ORDER BY hosts[1], not_after")
                .bind(0, purview.organisations())
                .map((row, context) -> summary(row))
                .list());
  }

  /**
   * A certificate with its key.
   *
   * @param organisation whose sites it serves
   */
  public record Held(CertificateConfig certificate, String organisation) {}

  /** All certificates with keys, for the edges. */
  public List<Held> allWithKeys() {
    return database.read(
        handle ->
            handle
                .createQuery(WITH_KEY + " ORDER BY id")
                .map((row, context) -> withKey(row))
                .list());
  }

  /** The certificates with these ids that still exist, by id. */
  public Map<String, Held> byIds(Set<String> ids) {
    Map<String, Held> found = new LinkedHashMap<>();
    database
        .read(
            handle ->
                handle
                    .createQuery(WITH_KEY + " WHERE id = ANY (?) ORDER BY id")
                    .bind(0, ids.toArray(String[]::new))
                    .map((row, context) -> withKey(row))
                    .list())
        .forEach(held -> found.put(held.certificate().id(), held));
    return found;
  }

  @Override
  public Optional<CertificateSummary> find(Purview purview, String id) {
    return database.read(handle -> find(handle, purview, id));
  }

  private static Optional<CertificateSummary> find(Handle handle, Purview purview, String id) {
    return handle
        .createQuery(SUMMARY + " WHERE id = ?" + Purview.OF_ORGANISATION)
        .bind(0, id)
        .bind(1, purview.organisations())
        .map((row, context) -> summary(row))
        .findOne();
  }

  private static CertificateSummary summary(ResultSet row) throws SQLException {
    return new CertificateSummary(
        row.getString(1),
        List.of((String[]) row.getArray(2).getArray()),
        row.getString(3),
        row.getTimestamp(4).toInstant(),
        row.getTimestamp(5).toInstant(),
        row.getString(6),
        Optional.ofNullable(row.getString(7)));
  }

  private Held withKey(ResultSet row) throws SQLException {
    String[] chain = (String[]) row.getArray(3).getArray();
    Base64.Decoder decoder = Base64.getDecoder();
    CertificateConfig certificate =
        new CertificateConfig(
            row.getString(1),
            List.of((String[]) row.getArray(2).getArray()),
            Arrays.stream(chain).map(text -> Bytes.copyOf(decoder.decode(text))).toList(),
            keys.open(row(row.getString(1)), KeyRing.Kept.of(row.getString(6), row.getBytes(4))));
    return new Held(certificate, row.getString(5));
  }
}
