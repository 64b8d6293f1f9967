package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * This network's accounts with certificate authorities, one for all control planes and sites, and
 * how long each is to ask for nothing. Calls block.
 */
public final class AcmeAccounts {
  /** For so long an authority stops all orders at most: what it counts, it counts for hours. */
  public static final Duration LONGEST_PAUSE = Duration.ofHours(3);

  private final Database database;
  private final KeyRing keys;

  /**
   * Accounts in a database.
   *
   * @param keys that their keys are sealed with
   */
  public AcmeAccounts(Database database, KeyRing keys) {
    this.database = database;
    this.keys = keys;
  }

  /**
   * An account with an authority.
   *
   * @param url where it is; empty before it was made
   * @param privateKey PKCS #8
   */
  public record Account(String url, Bytes privateKey) {}

  /** What a private key of an account is sealed as. */
  static String row(String directory) {
    return "acme account " + directory;
  }

  /** The account with an authority, which is begun with this key where there is none. */
  public Account account(String directory, Supplier<Bytes> newKey) {
    return find(directory)
        .orElseGet(
            () -> {
              KeyRing.Kept kept = keys.seal(row(directory), newKey.get());
              database.inTransaction(
                  handle ->
                      handle.execute(
                          "INSERT INTO acme_account (directory, private_key, sealed_by)"
                              + " VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                          directory,
                          kept.content().toArray(),
                          kept.by().orElse(null)));
              return find(directory).orElseThrow();
            });
  }

  private Optional<Account> find(String directory) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT account_url, private_key, sealed_by FROM acme_account"
                        + " WHERE directory = ?")
                .bind(0, directory)
                .map((row, context) -> account(directory, row))
                .findOne());
  }

  private Account account(String directory, ResultSet row) throws SQLException {
    KeyRing.Kept kept = KeyRing.Kept.of(row.getString(3), row.getBytes(2));
    return new Account(row.getString(1), keys.open(row(directory), kept));
  }

  /** The authority has made the account. */
  public void registered(String directory, String url) {
    database.inTransaction(
        handle ->
            handle.execute(
                "UPDATE acme_account SET account_url = ? WHERE directory = ?", url, directory));
  }

  /** Until when an account asks for nothing, where that is to come yet. */
  public Optional<Instant> pausedUntil(String directory, Instant now) {
    return database
        .read(
            handle ->
                handle
                    .createQuery(
                        "SELECT not_before FROM acme_account WHERE directory = ?"
                            + " AND not_before IS NOT NULL")
                    .bind(0, directory)
                    .mapTo(Instant.class)
                    .findOne())
        .filter(now::isBefore);
  }

  /**
   * An authority refused an order, as there were too many. Some of its limits are the account's,
   * some a domain's, and it does not say which in words that a program knows. The operators' own
   * order pauses all; that of a tenant, who may use a domain up elsewhere, does so where another
   * organisation's was refused in the same time.
   */
  public void limited(String directory, String organisation, Instant asked, Instant now) {
    Instant most = now.plus(LONGEST_PAUSE);
    Timestamp until = Timestamp.from(asked.isBefore(most) ? asked : most);
    database.inTransaction(
        handle -> {
          int paused =
              handle.execute(
                  "UPDATE acme_account SET not_before = greatest(not_before, ?)"
                      + " WHERE directory = ? AND (? = ? OR (limited_by <> ?"
                      + " AND limited_until > ?))",
                  until,
                  directory,
                  organisation,
                  Organisation.FIRST,
                  organisation,
                  Timestamp.from(now));
          handle.execute(
              "UPDATE acme_account SET limited_by = ?, limited_until = ? WHERE directory = ?",
              organisation,
              until,
              directory);
          return paused;
        });
  }
}
