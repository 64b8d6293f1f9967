package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.Problem;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Purges in PostgreSQL, each in the form in which edges journal it. */
public final class PostgresPurgeStore implements PurgeStore {
  private static final int MAX_KEY = 255;

  /** Between a site and a key of its own: no field of HTTP can hold it. */
  private static final char OF_SITE = '\u0001';

  /** Purges of one transaction. */
  private static final int ISSUED_AT_ONCE = 200;

  private static final String SELECT = "SELECT id, message, issued_at FROM purge";

  private final Database database;
  private final LogNumbers numbers;
  private final PurgeLimits limits;
  private final Together<PurgeIssue.Wanted, Change<IssuedPurge>> issues =
      new Together<>(ISSUED_AT_ONCE, this::issue);

  public PostgresPurgeStore(Database database, LogNumbers numbers, PurgeLimits limits) {
    this.database = database;
    this.numbers = numbers;
    this.limits = limits;
  }

  @Override
  public Change<IssuedPurge> issue(
      Purview purview,
      Optional<String> site,
      PurgeScope scope,
      boolean soft,
      Optional<String> idempotencyKey) {
    if (site.isEmpty() && !(scope instanceof PurgeScope.Everything)) {
      return new Change.Invalid<>(List.of(new Problem("site", "is missing")));
    }
    if (idempotencyKey.filter(key -> key.isEmpty() || key.length() > MAX_KEY).isPresent()) {
      Problem problem = new Problem("Idempotency-Key", "must be 1 to " + MAX_KEY + " characters");
      return new Change.Invalid<>(List.of(problem));
    }
    if (idempotencyKey.filter(PostgresPurgeStore::isNoText).isPresent()) {
      Problem problem = new Problem("Idempotency-Key", "must not contain the character NUL");
      return new Change.Invalid<>(List.of(problem));
    }
    if (site.filter(PostgresPurgeStore::isNoText).isPresent()) {
      return new Change.Unknown<>();
    }
    Optional<String> key =
        purview.isAll() ? idempotencyKey : idempotencyKey.map(k -> site.orElse("") + OF_SITE + k);
    PurgeIssue.Wanted wanted = new PurgeIssue.Wanted(site, scope, soft, key, AuditLog.current());
    // One that is only tried must not take back those of others.
    return Terms.isTrial() ? issue(List.of(wanted)).getFirst() : issues.commit(wanted);
  }

  /** Whether PostgreSQL would refuse it, and with it all that is issued at the same time. */
  private static boolean isNoText(String text) {
    return text.indexOf('\0') >= 0;
  }

  private List<Change<IssuedPurge>> issue(List<PurgeIssue.Wanted> wanted) {
    List<Change<IssuedPurge>> answers =
        database.inTransaction(handle -> PurgeIssue.issue(handle, limits, wanted));
    numbers.wake();
    return answers;
  }

  @Override
  public Optional<IssuedPurge> byId(Purview purview, String id) {
    UUID uuid;
    try {
      uuid = UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    return database.read(
        handle -> {
          if (purview.isAll()) {
            return handle
                .createQuery(SELECT + " WHERE id = ?")
                .bind(0, uuid)
                .map((row, context) -> read(row))
                .findOne();
          }
          return handle
              .createQuery(
                  "SELECT p.id, p.message, p.issued_at FROM purge p JOIN site s ON s.id = p.site"
                      + " WHERE p.id = ?"
                      + Purview.OF_SITES)
              .bind(0, uuid)
              .bind(1, purview.organisations())
              .bind(2, purview.siteIds())
              .map((row, context) -> read(row))
              .findOne();
        });
  }

  @Override
  public List<IssuedPurge> newest(Purview purview, Optional<String> site, long before, int limit) {
    return database.read(
        handle -> {
          if (purview.isAll() && site.isEmpty()) {
            return handle
                .createQuery(SELECT + " WHERE number < ? ORDER BY number DESC LIMIT ?")
                .bind(0, before)
                .bind(1, limit)
                .map((row, context) -> read(row))
                .list();
          }
          // Each site's newest by the index, however many others purged since.
          return handle
              .createQuery(
                  "SELECT n.id, n.message, n.issued_at FROM site s CROSS JOIN LATERAL"
                      + " (SELECT p.id, p.message, p.issued_at, p.number FROM purge p"
                      + " WHERE p.site = s.id AND p.number < ? ORDER BY p.number DESC LIMIT ?) n"
                      + " WHERE s.id = coalesce(?, s.id)"
                      + Purview.OF_SITES
                      + " ORDER BY n.number DESC LIMIT ?")
              .bind(0, before)
              .bind(1, limit)
              .bind(2, site.orElse(null))
              .bind(3, purview.organisations())
              .bind(4, purview.siteIds())
              .bind(5, limit)
              .map((row, context) -> read(row))
              .list();
        });
  }

  @Override
  public List<Purge> after(long number, int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " WHERE number > ? ORDER BY number LIMIT ?")
                .bind(0, number)
                .bind(1, limit)
                .map((row, context) -> read(row).purge())
                .list());
  }

  @Override
  public List<EncodedPurge> encodedAfter(long number, int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT number, message FROM purge WHERE number > ? ORDER BY number LIMIT ?")
                .bind(0, number)
                .bind(1, limit)
                .map((row, context) -> encoded(row.getLong(1), row.getBytes(2)))
                .list());
  }

  private static EncodedPurge encoded(long number, byte[] message) {
    if (decoded(message).number() != number) {
      throw new IllegalStateException("purge " + number + " in the database is another one");
    }
    return new EncodedPurge(number, Bytes.copyOf(message));
  }

  @Override
  public long head() {
    return numbers.head().purge();
  }

  @Override
  public long floor() {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT coalesce((SELECT min(number) - 1 FROM purge), purge) FROM log_head")
                .mapTo(Long.class)
                .one());
  }

  static IssuedPurge read(ResultSet row) throws SQLException {
    Purge purge = decoded(row.getBytes(2));
    return new IssuedPurge(row.getString(1), purge, row.getTimestamp(3).toInstant());
  }

  private static Purge decoded(byte[] message) {
    try {
      return SyncCodec.purgeOf(message);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("a purge in the database cannot be read", e);
    }
  }
}
