package dev.perigee.control.store;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.Bytes;
import dev.perigee.control.store.CertificateStore.CertificateSummary;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Certificates that ports of control planes show, by the hosts that they name: control planes that
 * are started with the same hosts show the same one. Others beside them have their own, and neither
 * orders the other's anew. Calls block.
 */
public final class OwnCertificates {
  private final Database database;
  private final LogNumbers numbers;
  private final KeyRing keys;
  private final InstantSource clock;

  /**
   * Those in a database.
   *
   * @param keys that their private keys are sealed with
   */
  public OwnCertificates(Database database, LogNumbers numbers, KeyRing keys, InstantSource clock) {
    this.database = database;
    this.numbers = numbers;
    this.keys = keys;
    this.clock = clock;
  }

  /** A certificate with its chain and its key, PEM. */
  public record Held(String chain, String privateKey) {
    /** Never the key. */
    @Override
    public String toString() {
      return "a certificate with its key";
    }
  }

  /** By which the certificate for these hosts is found. */
  public static String name(List<String> hosts) {
    return "own " + String.join(",", hosts.stream().sorted().toList());
  }

  /** What the private key of one is sealed as. */
  static String row(String name) {
    return "certificate of " + name;
  }

  /** The one for exactly these hosts. */
  public Optional<Held> find(List<String> hosts) {
    String name = name(hosts);
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT chain, private_key, sealed_by FROM own_certificate WHERE name = ?")
                .bind(0, name)
                .map((row, context) -> held(name, row))
                .findOne());
  }

  private Held held(String name, ResultSet row) throws SQLException {
    Bytes key = keys.open(row(name), KeyRing.Kept.of(row.getString(3), row.getBytes(2)));
    return new Held(row.getString(1), new String(key.toArray(), StandardCharsets.US_ASCII));
  }

  /** How far the one for these hosts is, as sites are described. */
  public AcmeSite subject(List<String> hosts, AcmeChallenge challenge) {
    List<String> sorted = hosts.stream().sorted().toList();
    String name = name(hosts);
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT c.hosts, c.not_before, c.not_after, o.hosts, o.failures, o.next_try,"
                        + " o.not_before, o.problem, o.tried_at, o.step,"
                        + " coalesce(o.held_until > now(), false) FROM (SELECT 1) one"
                        + " LEFT JOIN own_certificate c ON c.name = ?"
                        + " LEFT JOIN own_order o ON o.site = ?")
                .bind(0, name)
                .bind(1, name)
                .map((row, context) -> subject(name, sorted, challenge, row))
                .one());
  }

  private static AcmeSite subject(
      String name, List<String> hosts, AcmeChallenge challenge, ResultSet row) throws SQLException {
    Optional<AcmeSite.Got> got = Optional.empty();
    if (row.getArray(1) != null) {
      got =
          Optional.of(
              new AcmeSite.Got(
                  name,
                  List.of((String[]) row.getArray(1).getArray()),
                  row.getTimestamp(2).toInstant(),
                  row.getTimestamp(3).toInstant()));
    }
    Optional<AcmeSite.Tried> tried = Optional.empty();
    if (row.getArray(4) != null) {
      tried =
          Optional.of(
              new AcmeSite.Tried(
                  List.of((String[]) row.getArray(4).getArray()),
                  row.getInt(5),
                  Optional.ofNullable(row.getTimestamp(6)).map(Timestamp::toInstant),
                  Optional.ofNullable(row.getTimestamp(7)).map(Timestamp::toInstant),
                  row.getString(8),
                  row.getTimestamp(9).toInstant(),
                  row.getString(10)));
    }
    return new AcmeSite(
        name,
        Organisation.FIRST,
        hosts,
        Set.of(),
        challenge,
        got,
        Optional.empty(),
        tried,
        row.getBoolean(11));
  }

  /** Takes what an authority issued, in place of what it issued before for these hosts. */
  public Change<CertificateSummary> issued(AcmeSite site, String chain, String privateKey) {
    return switch (PemCertificate.read(chain, privateKey, clock.instant())) {
      case PemCertificate.Read.Unsound(var problem) -> new Change.Invalid<>(List.of(problem));
      case PemCertificate.Read.Sound(var config, X509Certificate leaf) -> {
        Bytes key = Bytes.copyOf(privateKey.getBytes(StandardCharsets.US_ASCII));
        KeyRing.Kept kept = keys.seal(row(site.id()), key);
        Instant from = leaf.getNotBefore().toInstant();
        Instant until = leaf.getNotAfter().toInstant();
        database.inTransaction(
            handle ->
                handle.execute(
                    "INSERT INTO own_certificate (name, hosts, chain, private_key, sealed_by,"
                        + " not_before, not_after) VALUES (?, ?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (name) DO UPDATE SET hosts = excluded.hosts,"
                        + " chain = excluded.chain, private_key = excluded.private_key,"
                        + " sealed_by = excluded.sealed_by, not_before = excluded.not_before,"
                        + " not_after = excluded.not_after",
                    site.id(),
                    config.hosts().toArray(String[]::new),
                    chain,
                    kept.content().toArray(),
                    kept.by().orElse(null),
                    Timestamp.from(from),
                    Timestamp.from(until)));
        numbers.wake();
        yield new Change.Committed<>(
            new CertificateSummary(
                config.id(),
                config.hosts(),
                leaf.getIssuerX500Principal().getName(),
                from,
                until,
                Organisation.FIRST,
                Optional.empty()),
            0);
      }
    };
  }

  /** Forgets what ended so long ago, and orders that nobody has gone on with for as long. */
  public void sweep(Duration ended) {
    database.inTransaction(
        handle -> {
          handle.execute(
              "DELETE FROM own_certificate WHERE not_after < now() - ? * interval '1 second'",
              ended.toSeconds());
          handle.execute(
              "DELETE FROM own_token WHERE site NOT IN"
                  + " (SELECT site FROM own_order WHERE held_until > now())");
          return handle.execute(
              "DELETE FROM own_order WHERE greatest(tried_at, next_try, not_before)"
                  + " < now() - ? * interval '1 second' AND site NOT IN"
                  + " (SELECT name FROM own_certificate)",
              ended.toSeconds());
        });
  }
}
