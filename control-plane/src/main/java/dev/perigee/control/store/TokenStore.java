package dev.perigee.control.store;

import dev.perigee.contract.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tokens of the API in PostgreSQL, by the SHA-256 of their secrets. */
public final class TokenStore {
  private static final Logger LOG = LoggerFactory.getLogger(TokenStore.class);

  private static final String SELECT =
      "SELECT id, name, role, organisation, sites, made_at, expires_at, revoked_at, used_at"
          + " FROM api_token";

  /** For so long those that are not good any more are shown. */
  private static final String KEPT =
      "coalesce(revoked_at, expires_at, 'infinity') > now() - interval '30 days'";

  /** Of an advisory lock: operators' tokens are made one at a time. */
  private static final long MAKING = 0x7065_7269_0003L;

  private final Database database;

  public TokenStore(Database database) {
    this.database = database;
  }

  /**
   * The token with this secret, where it is good now. That it is used is noted once an hour, so
   * that most requests write nothing. By the database's clock, for all control planes.
   */
  public Optional<ApiToken> good(String secretSha256) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    SELECT.replace(" FROM", ", used_at >= date_trunc('hour', now()) FROM")
                        + " WHERE secret_sha256 = ? AND revoked_at IS NULL"
                        + " AND coalesce(expires_at, 'infinity') > now()")
                .bind(0, secretSha256)
                .map(
                    (row, context) -> {
                      ApiToken token = read(row);
                      if (!row.getBoolean(10)) {
                        used(handle, secretSha256);
                      }
                      return token;
                    })
                .findOne());
  }

  private static void used(Handle handle, String secretSha256) {
    try {
      handle.execute(
          "UPDATE api_token SET used_at = date_trunc('hour', now()) WHERE secret_sha256 = ?"
              + " AND coalesce(used_at, '-infinity') < date_trunc('hour', now())",
          secretSha256);
    } catch (JdbiException e) {
      // A disk that is full is no reason to refuse who only wants to look.
      LOG.debug("the use of a token is not noted", e);
    }
  }

  /**
   * Which of the tokens are wanted.
   *
   * @param after id of the one behind which they begin
   */
  public record Sought(
      Optional<String> organisation, Optional<String> role, Optional<String> after, int most) {}

  /** Those of whoever asks, the newest first; those of the operators and all others where all. */
  public List<ApiToken> page(Purview purview, Sought sought) {
    String condition = purview.isAll() ? "" : Purview.OF_ORGANISATION;
    return database.read(
        handle -> {
          var query =
              handle
                  .createQuery(
                      SELECT
                          + " WHERE "
                          + KEPT
                          + " AND (?::text IS NULL OR organisation = ?)"
                          + " AND role = coalesce(?, role) AND (?::uuid IS NULL OR (made_at, id) <"
                          + " (SELECT a.made_at, a.id FROM api_token a WHERE a.id = ?::uuid))"
                          + condition
                          + " ORDER BY made_at DESC, id DESC LIMIT ?")
                  .bind(0, sought.organisation().orElse(null))
                  .bind(1, sought.organisation().orElse(null))
                  .bind(2, sought.role().orElse(null))
                  .bind(3, sought.after().flatMap(TokenStore::uuid).orElse(null))
                  .bind(4, sought.after().flatMap(TokenStore::uuid).orElse(null));
          if (!purview.isAll()) {
            query.bind(5, purview.organisations());
          }
          return query
              .bind(purview.isAll() ? 5 : 6, sought.most())
              .map((row, context) -> read(row))
              .list();
        });
  }

  /** One of whoever asks. */
  public Optional<ApiToken> byId(Purview purview, String id) {
    return uuid(id)
        .flatMap(
            uuid ->
                database.read(
                    handle ->
                        handle
                            .createQuery(
                                SELECT
                                    + " WHERE id = ? AND "
                                    + KEPT
                                    + " AND (?::text IS NULL OR organisation = ?)")
                            .bind(0, uuid)
                            .bind(1, purview.organisation().orElse(null))
                            .bind(2, purview.organisation().orElse(null))
                            .map((row, context) -> read(row))
                            .findOne()));
  }

  /** Adds one with the hash of its secret, and forgets those that are long past. */
  public Change<ApiToken> add(ApiToken.Wanted wanted, String secretSha256) {
    return database.inTransaction(handle -> insert(handle, wanted, secretSha256));
  }

  private static Change<ApiToken> insert(Handle handle, ApiToken.Wanted wanted, String sha256) {
    Optional<String> organisation = wanted.organisation();
    // Those of one organisation one after the other, so that no two take the last place.
    if (organisation.isEmpty()) {
      handle.execute("SELECT pg_advisory_xact_lock(?)", MAKING);
    } else if (!OrganisationStore.holdAlone(handle, organisation.get())) {
      return new Change.Invalid<>(List.of(new Problem("organisation", "is not known")));
    }
    handle.execute(
        "DELETE FROM api_token WHERE NOT (" + KEPT + ") AND coalesce(organisation, '') = ?",
        organisation.orElse(""));
    int others =
        handle
            .createQuery(
                "SELECT count(*) FROM api_token WHERE revoked_at IS NULL AND sign_in IS NULL"
                    + " AND coalesce(organisation, '') = ?")
            .bind(0, organisation.orElse(""))
            .mapTo(Integer.class)
            .one();
    if (others >= ApiToken.MOST) {
      String reason =
          "would be one more than the %d that may be: revoke old ones".formatted(ApiToken.MOST);
      return new Change.Conflict<>(new Problem("token", reason));
    }
    return new Change.Committed<>(insert(handle, wanted, sha256, Optional.empty()), 0);
  }

  /**
   * Adds one.
   *
   * @param signIn by which it comes; empty: by somebody's hand
   */
  static ApiToken insert(
      Handle handle, ApiToken.Wanted wanted, String sha256, Optional<UUID> signIn) {
    Optional<String> organisation = wanted.organisation();
    return handle
        .createQuery(
            "INSERT INTO api_token (secret_sha256, name, role, organisation, sites, expires_at,"
                + " sign_in, made_by) VALUES (?, ?, ?, ?, ?, now() + make_interval(secs => ?),"
                + " ?::uuid, (SELECT coalesce(t.sign_in, t.made_by) FROM api_token t"
                + " WHERE t.id = ?::uuid))"
                + " RETURNING id, name, role, organisation, sites, made_at, expires_at,"
                + " revoked_at, used_at")
        .bind(0, sha256)
        .bind(1, wanted.name())
        .bind(2, wanted.role().word())
        .bind(3, organisation.orElse(null))
        .bind(4, new Purview(organisation, wanted.sites()).siteIds())
        .bind(5, wanted.life().map(life -> (double) life.toSeconds()).orElse(null))
        .bind(6, signIn.orElse(null))
        .bind(7, AuditLog.current().flatMap(call -> call.caller().token()).orElse(null))
        .map((row, context) -> read(row))
        .one();
  }

  /** Revokes one, at once on every control plane; one that is revoked already stays so. */
  public Change<ApiToken> revoke(Purview purview, String id) {
    Optional<UUID> uuid = uuid(id);
    if (uuid.isEmpty()) {
      return new Change.Unknown<>();
    }
    String condition = purview.isAll() ? "" : Purview.OF_ORGANISATION;
    return database.inTransaction(
        handle -> {
          Optional<String> before =
              handle
                  .createQuery("SELECT id FROM api_token WHERE id = ? AND revoked_at IS NOT NULL")
                  .bind(0, uuid.get())
                  .mapTo(String.class)
                  .findOne();
          var query =
              handle
                  .createQuery(
                      "UPDATE api_token SET revoked_at = coalesce(revoked_at, now()) WHERE id = ?"
                          + condition
                          + " RETURNING id, name, role, organisation, sites, made_at, expires_at,"
                          + " revoked_at, used_at")
                  .bind(0, uuid.get());
          if (!purview.isAll()) {
            query.bind(1, purview.organisations());
          }
          Optional<ApiToken> revoked = query.map((row, context) -> read(row)).findOne();
          if (before.isPresent()) {
            AuditLog.unchanged();
          }
          return revoked
              .<Change<ApiToken>>map(token -> new Change.Committed<>(token, 0))
              .orElseGet(Change.Unknown::new);
        });
  }

  private static Optional<UUID> uuid(String id) {
    try {
      return Optional.of(UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static ApiToken read(ResultSet row) throws SQLException {
    java.sql.Array sites = row.getArray(5);
    return new ApiToken(
        row.getString(1),
        row.getString(2),
        Role.of(row.getString(3)).orElseThrow(),
        Optional.ofNullable(row.getString(4)),
        sites == null ? Optional.empty() : Optional.of(Set.of((String[]) sites.getArray())),
        row.getTimestamp(6).toInstant(),
        instant(row.getTimestamp(7)),
        instant(row.getTimestamp(8)),
        instant(row.getTimestamp(9)));
  }

  private static Optional<Instant> instant(@org.jspecify.annotations.Nullable Timestamp at) {
    return Optional.ofNullable(at).map(Timestamp::toInstant);
  }
}
