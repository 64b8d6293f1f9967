package dev.perigee.control.store;

import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.Limits;
import dev.perigee.contract.SiteConfig;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Orders of certificates in PostgreSQL, the same for all control planes: whose turn it is, what
 * came of them, and what is answered for them. Calls block.
 */
public final class AcmeStore {
  private static final int PROBLEM_LENGTH = 1_000;

  private final Database database;
  private final LogNumbers numbers;
  private final Book book;

  /** Whose orders they are, and in which tables they lie. */
  public enum Book {
    /** Of sites: edges answer for them. */
    SITES("acme_site", "acme_token"),
    /** Of the control planes' own ports: these answer for them. */
    OWN("own_order", "own_token");

    private final String orders;
    private final String tokens;

    Book(String orders, String tokens) {
      this.orders = orders;
      this.tokens = tokens;
    }
  }

  /** A store over a database. */
  public AcmeStore(Database database, LogNumbers numbers, Book book) {
    this.database = database;
    this.numbers = numbers;
    this.book = book;
  }

  /** What became of the wish to begin an order. */
  public sealed interface Begun {
    /** The order is this control plane's, as long as it extends that. */
    record Yes() implements Begun {}

    /** Another control plane runs it, or it is not due any more. */
    record Taken() implements Begun {}

    /** Too many were begun. */
    record Limited(String why) implements Begun {}
  }

  /** How many orders may be begun. */
  public record Limit(int most, Duration within) {}

  /**
   * Begins an order, unless another control plane runs one of the site or too many were begun.
   *
   * @param by which control plane
   * @param lease for how long it is this one's
   * @param own limit of the organisation; none for the first one
   * @param all limit of all organisations together, the first one apart
   */
  public Begun begin(
      AcmeSite site, String by, Duration lease, Optional<Limit> own, Limit all, Instant now) {
    return database.inTransaction(
        handle -> {
          // One after the other, so that no two take the last place.
          handle.execute("LOCK TABLE acme_attempt IN SHARE ROW EXCLUSIVE MODE");
          handle.execute("DELETE FROM acme_attempt WHERE at < now() - interval '2 days'");
          String first = Organisation.FIRST;
          boolean isFirst = site.organisation().equals(first);
          if (own.isPresent()
              && begun(handle, "=", site.organisation(), own.get()) >= own.get().most()) {
            return new Begun.Limited(
                "the organisation began %d orders within %d hours, which is all that it may"
                    .formatted(own.get().most(), own.get().within().toHours()));
          }
          if (begun(handle, isFirst ? "=" : "<>", first, all) >= all.most()) {
            return new Begun.Limited(
                "all together began %d orders within %d hours, as many as the authority is asked"
                    .formatted(all.most(), all.within().toHours()));
          }
          if (!hold(handle, site, by, lease, now)) {
            return new Begun.Taken();
          }
          handle.execute("INSERT INTO acme_attempt (organisation) VALUES (?)", site.organisation());
          return new Begun.Yes();
        });
  }

  private boolean hold(Handle handle, AcmeSite site, String by, Duration lease, Instant now) {
    return handle.execute(
            "INSERT INTO "
                + book.orders
                + " AS a (site, hosts, tried_at, step, held_by, held_until)"
                + " VALUES (?, ?, ?, 'begins', ?, now() + ? * interval '1 millisecond')"
                + " ON CONFLICT (site) DO UPDATE SET tried_at = excluded.tried_at, step ="
                + " excluded.step, held_by = excluded.held_by, held_until = excluded.held_until,"
                + " not_before = CASE WHEN a.hosts = excluded.hosts THEN a.not_before END,"
                + " failures = CASE WHEN a.hosts = excluded.hosts THEN a.failures ELSE 0 END,"
                + " hosts = excluded.hosts"
                + " WHERE (a.held_until IS NULL OR a.held_until < now())"
                + " AND a.tried_at IS NOT DISTINCT FROM ?",
            site.id(),
            site.hosts().toArray(String[]::new),
            Timestamp.from(now),
            UUID.fromString(by),
            lease.toMillis(),
            site.tried().map(tried -> Timestamp.from(tried.at())).orElse(null))
        == 1;
  }

  private static int begun(Handle handle, String equal, String organisation, Limit limit) {
    return handle
        .createQuery(
            "SELECT count(*) FROM acme_attempt WHERE organisation "
                + equal
                + " ? AND at > now() - ? * interval '1 second'")
        .bind(0, organisation)
        .bind(1, limit.within().toSeconds())
        .mapTo(Integer.class)
        .one();
  }

  /** Goes on with an order; false where another control plane has it meanwhile. */
  public boolean goesOn(String site, String by, Duration lease, String step) {
    return database.inTransaction(
        handle ->
            handle.execute(
                    "UPDATE "
                        + book.orders
                        + " SET step = ?, held_until = now() + ? * interval"
                        + " '1 millisecond' WHERE site = ? AND held_by = ? AND held_until > now()",
                    step,
                    lease.toMillis(),
                    site,
                    UUID.fromString(by))
                == 1);
  }

  /** Lets another control plane begin the order anew. */
  public void release(String site, String by) {
    database.inTransaction(
        handle ->
            handle.execute(
                "UPDATE "
                    + book.orders
                    + " SET step = '', held_by = NULL, held_until = NULL"
                    + " WHERE site = ? AND held_by = ?",
                site,
                UUID.fromString(by)));
    numbers.wake();
  }

  /**
   * An order came to its end: what was answered for it goes.
   *
   * @param next not before this time, whatever the authority gave
   */
  public void succeeded(String site, String by, Instant next) {
    end(site, by, 0, next, Optional.empty(), "");
  }

  /**
   * An order failed.
   *
   * @param notBefore what the authority asked for, which no wish of an owner's shortens
   */
  public void failed(
      String site,
      String by,
      int failures,
      Instant next,
      Optional<Instant> notBefore,
      String problem) {
    end(site, by, failures, next, notBefore, cut(problem));
  }

  private void end(
      String site,
      String by,
      int failures,
      Instant next,
      Optional<Instant> notBefore,
      String problem) {
    database.inTransaction(
        handle -> {
          int rows =
              handle.execute(
                  "UPDATE "
                      + book.orders
                      + " SET failures = ?, next_try = ?, not_before = ?, problem = ?, step = '',"
                      + " held_by = NULL, held_until = NULL WHERE site = ? AND held_by = ?",
                  failures,
                  Timestamp.from(next),
                  notBefore.map(Timestamp::from).orElse(null),
                  problem,
                  site,
                  UUID.fromString(by));
          if (rows == 1) {
            handle.execute("DELETE FROM " + book.tokens + " WHERE site = ?", site);
          }
          return rows;
        });
    numbers.wake();
  }

  /** It could not begin: it is looked at again later. */
  public void putOff(AcmeSite site, Instant next, String problem) {
    database.inTransaction(
        handle ->
            handle.execute(
                "INSERT INTO "
                    + book.orders
                    + " AS a (site, hosts, next_try, problem, tried_at)"
                    + " VALUES (?, ?, ?, ?, ?) ON CONFLICT (site) DO UPDATE SET"
                    + " not_before = CASE WHEN a.hosts = excluded.hosts THEN a.not_before END,"
                    + " hosts = excluded.hosts, next_try = excluded.next_try,"
                    + " problem = excluded.problem WHERE a.held_until IS NULL",
                site.id(),
                site.hosts().toArray(String[]::new),
                Timestamp.from(next),
                cut(problem),
                Timestamp.from(Instant.EPOCH)));
  }

  /** The next order of a site is due at once, unless the authority asked to wait. */
  public Change<SiteConfig> retry(SiteConfig site, long revision) {
    Change<SiteConfig> change =
        database.inTransaction(
            handle -> {
              int rows =
                  handle.execute(
                      "UPDATE "
                          + book.orders
                          + " SET next_try = NULL"
                          + " WHERE site = ? AND next_try IS NOT NULL",
                      site.id());
              if (rows == 0) {
                AuditLog.unchanged();
              }
              return new Change.Committed<>(site, revision);
            });
    numbers.wake();
    return change;
  }

  private static String cut(String problem) {
    String clean = problem.replace('\0', ' ');
    return clean.length() <= PROBLEM_LENGTH ? clean : clean.substring(0, PROBLEM_LENGTH) + "…";
  }

  /**
   * Has these be answered, in place of what was answered for the site.
   *
   * @return the number up to which tokens have to be held; empty where there are too many
   */
  public Optional<Long> publish(String site, List<AcmeToken> tokens) {
    Optional<Long> through =
        database.inTransaction(
            handle -> {
              // One after the other until the commit: who has seen a number has seen all below it,
              // and no two take the last place.
              handle.execute("LOCK TABLE " + book.tokens + " IN SHARE ROW EXCLUSIVE MODE");
              long number =
                  handle
                      .createQuery("SELECT nextval('" + book.tokens + "_number')")
                      .mapTo(Long.class)
                      .one();
              handle.execute("DELETE FROM " + book.tokens + " WHERE site = ?", site);
              int others =
                  handle
                      .createQuery("SELECT count(*) FROM " + book.tokens)
                      .mapTo(Integer.class)
                      .one();
              if (others + tokens.size() > Limits.ACME_TOKENS) {
                return Optional.empty();
              }
              for (AcmeToken one : tokens) {
                handle.execute(
                    "INSERT INTO "
                        + book.tokens
                        + " (token, site, host, key_authorization, number)"
                        + " VALUES (?, ?, ?, ?, ?) ON CONFLICT (token) DO UPDATE SET"
                        + " site = excluded.site, host = excluded.host, key_authorization ="
                        + " excluded.key_authorization, number = excluded.number",
                    one.token(),
                    site,
                    one.host(),
                    one.keyAuthorization(),
                    number);
              }
              return Optional.of(number);
            });
    numbers.wake();
    return through;
  }

  /** All that is answered now. */
  public FromControl.AcmeTokens tokens() {
    record Row(AcmeToken token, long number) {}
    List<Row> rows =
        database.read(
            handle ->
                handle
                    .createQuery(
                        "SELECT host, token, key_authorization, number FROM "
                            + book.tokens
                            + " ORDER BY number, token")
                    .map(
                        (row, context) ->
                            new Row(
                                new AcmeToken(row.getString(1), row.getString(2), row.getString(3)),
                                row.getLong(4)))
                    .list());
    return new FromControl.AcmeTokens(
        rows.stream().map(Row::token).toList(), rows.isEmpty() ? 0 : rows.getLast().number());
  }
}
