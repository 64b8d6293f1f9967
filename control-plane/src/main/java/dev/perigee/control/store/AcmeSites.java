package dev.perigee.control.store;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.HostName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** The sites whose certificates are got of an authority, in PostgreSQL. Calls block. */
public final class AcmeSites {
  private static final String SELECT =
      """
      SELECT s.id, s.organisation, s.regions, s.acme,
             array(SELECT h.host FROM site_host h WHERE h.site = s.id ORDER BY h.position),
             c.id, c.hosts, c.not_before, c.not_after,
             a.hosts, a.failures, a.next_try, a.problem, a.tried_at, a.step,
             coalesce(a.held_until > now(), false), a.not_before
      FROM site s
      LEFT JOIN acme_site a ON a.site = s.id
      LEFT JOIN LATERAL (SELECT g.id, g.hosts, g.not_before, g.not_after FROM certificate g WHERE g.acme_site = s.id
                         AND g.organisation = s.organisation
                         ORDER BY g.not_after DESC LIMIT 1) c ON true
      WHERE s.removed_at IS NULL AND s.acme <> ''\
      """;

  private final Database database;

  public AcmeSites(Database database) {
    this.database = database;
  }

  /** An uploaded certificate. */
  private record Uploaded(List<String> hosts, Instant notBefore, Instant notAfter) {}

  /** All of them. */
  public List<AcmeSite> all() {
    return database.read(
        handle -> {
          Map<String, List<Uploaded>> uploaded = new HashMap<>();
          return handle
              .createQuery(SELECT + " ORDER BY s.id")
              .map((row, context) -> read(row))
              .list()
              .stream()
              .map(site -> with(handle, site, uploaded))
              .toList();
        });
  }

  /** One of them, by the site's id. */
  public Optional<AcmeSite> find(String id) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " AND s.id = ?")
                .bind(0, id)
                .map((row, context) -> read(row))
                .findOne()
                .map(site -> with(handle, site, new HashMap<>())));
  }

  /**
   * Forgets what is of sites that are gone, and certificates of theirs that ended so long ago, by
   * the database's clock.
   */
  public void sweep(Duration ended) {
    database.inTransaction(
        handle -> {
          String unwanted =
              " NOT IN (SELECT id FROM site WHERE removed_at IS NULL AND acme <> '')"
                  + " AND (held_until IS NULL OR held_until < now())";
          handle.execute("DELETE FROM acme_site WHERE site" + unwanted);
          handle.execute(
              "DELETE FROM acme_token WHERE site NOT IN"
                  + " (SELECT site FROM acme_site WHERE held_until > now())");
          handle.execute("DELETE FROM dns_reader WHERE seen_at < now() - interval '1 hour'");
          List<String> gone =
              handle
                  .createQuery(
                      "DELETE FROM certificate c WHERE c.acme_site IS NOT NULL"
                          + " AND c.not_after < now() - ? * interval '1 second'"
                          + " AND NOT EXISTS (SELECT 1 FROM site s WHERE s.id = c.acme_site"
                          + " AND s.removed_at IS NULL AND s.acme <> '') RETURNING c.id")
                  .bind(0, ended.toSeconds())
                  .mapTo(String.class)
                  .list();
          gone.forEach(id -> LogNumbers.nextRevision(handle, "certificate", id));
          return gone;
        });
  }

  private static AcmeSite read(ResultSet row) throws SQLException {
    Optional<AcmeSite.Got> got = Optional.empty();
    if (row.getString(6) != null) {
      got =
          Optional.of(
              new AcmeSite.Got(
                  row.getString(6),
                  texts(row, 7),
                  row.getTimestamp(8).toInstant(),
                  row.getTimestamp(9).toInstant()));
    }
    Optional<AcmeSite.Tried> tried = Optional.empty();
    if (row.getArray(10) != null) {
      tried =
          Optional.of(
              new AcmeSite.Tried(
                  texts(row, 10),
                  row.getInt(11),
                  Optional.ofNullable(row.getTimestamp(12)).map(Timestamp::toInstant),
                  Optional.ofNullable(row.getTimestamp(17)).map(Timestamp::toInstant),
                  row.getString(13),
                  row.getTimestamp(14).toInstant(),
                  row.getString(15)));
    }
    return new AcmeSite(
        row.getString(1),
        row.getString(2),
        texts(row, 5),
        Set.copyOf(texts(row, 3)),
        AcmeChallenge.orOff(row.getString(4)),
        got,
        Optional.empty(),
        tried,
        row.getBoolean(16));
  }

  private static List<String> texts(ResultSet row, int column) throws SQLException {
    return List.of((String[]) row.getArray(column).getArray());
  }

  private static AcmeSite with(Handle handle, AcmeSite site, Map<String, List<Uploaded>> uploaded) {
    List<Uploaded> own =
        uploaded.computeIfAbsent(site.organisation(), whose -> uploaded(handle, whose));
    return new AcmeSite(
        site.id(),
        site.organisation(),
        site.hosts(),
        site.regions(),
        site.challenge(),
        site.got(),
        covered(site.hosts(), own),
        site.tried(),
        site.running());
  }

  private static List<Uploaded> uploaded(Handle handle, String organisation) {
    return handle
        .createQuery(
            "SELECT hosts, not_before, not_after FROM certificate"
                + " WHERE organisation = ? AND acme_site IS NULL AND not_after > now()")
        .bind(0, organisation)
        .map(
            (row, context) ->
                new Uploaded(
                    texts(row, 1),
                    row.getTimestamp(2).toInstant(),
                    row.getTimestamp(3).toInstant()))
        .list();
  }

  /** Of the certificates that last longest for each host, the one that ends first. */
  private static Optional<AcmeSite.Covered> covered(List<String> hosts, List<Uploaded> uploaded) {
    Optional<Uploaded> first = Optional.empty();
    for (String host : hosts) {
      Optional<Uploaded> best =
          uploaded.stream()
              .filter(one -> one.hosts().stream().anyMatch(name -> names(name, host)))
              .max(Comparator.comparing(Uploaded::notAfter));
      if (best.isEmpty()) {
        return Optional.empty();
      }
      if (first.isEmpty() || best.get().notAfter().isBefore(first.get().notAfter())) {
        first = best;
      }
    }
    return first.map(one -> new AcmeSite.Covered(one.notBefore(), one.notAfter()));
  }

  private static boolean names(String name, String host) {
    return name.equals(host) || HostName.matches(name, host);
  }
}
