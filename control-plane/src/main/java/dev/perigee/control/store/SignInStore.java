package dev.perigee.control.store;

import dev.perigee.contract.Problem;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Who may sign in at the console, in PostgreSQL, and the tokens that such people were given. */
public final class SignInStore {
  private static final String COLUMNS = "id, claim, value, role, organisation, sites, made_at";
  private static final String SELECT = "SELECT " + COLUMNS + " FROM sign_in";

  /** Of an advisory lock: they are added one at a time. */
  private static final long ADDING = 0x7065_7269_0007L;

  /** Tokens of one person that are good at a time; with one more the oldest is revoked. */
  private static final int MOST_OF_ONE = 10;

  /** Those that are not good any more are shown for a day: there is one for each signing in. */
  private static final String PAST =
      "sign_in IS NOT NULL AND least(revoked_at, expires_at) < now() - interval '1 day'";

  private final Database database;

  public SignInStore(Database database) {
    this.database = database;
  }

  /** The newest first, behind that one. */
  public List<SignIn> page(Optional<String> after, int most) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    SELECT
                        + " WHERE (?::uuid IS NULL OR (made_at, id) <"
                        + " (SELECT a.made_at, a.id FROM sign_in a WHERE a.id = ?::uuid))"
                        + " ORDER BY made_at DESC, id DESC LIMIT ?")
                .bind(0, after.flatMap(SignInStore::uuid).orElse(null))
                .bind(1, after.flatMap(SignInStore::uuid).orElse(null))
                .bind(2, most)
                .map((row, context) -> read(row))
                .list());
  }

  /** One by its id. */
  public Optional<SignIn> byId(String id) {
    return uuid(id)
        .flatMap(
            uuid ->
                database.read(
                    handle ->
                        handle
                            .createQuery(SELECT + " WHERE id = ?")
                            .bind(0, uuid)
                            .map((row, context) -> read(row))
                            .findOne()));
  }

  /**
   * As what somebody may sign in: by the name that never changes before the address, by that before
   * the groups, and among those by the one that was added first.
   *
   * @param email one that is verified
   */
  public Optional<SignIn> of(String sub, Optional<String> email, Set<String> groups) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    SELECT
                        + " WHERE (claim = 'sub' AND value = ?)"
                        + " OR (claim = 'email' AND value = ?)"
                        + " OR (claim = 'group' AND value = ANY (?::text[]))"
                        + " ORDER BY array_position(ARRAY['sub', 'email', 'group'], claim),"
                        + " made_at, id LIMIT 1")
                .bind(0, sub)
                .bind(1, email.orElse(null))
                .bind(2, groups.toArray(String[]::new))
                .map((row, context) -> read(row))
                .findOne());
  }

  /** Adds one. */
  public Change<SignIn> add(SignIn.Wanted wanted) {
    return database.inTransaction(handle -> insert(handle, wanted));
  }

  private static Change<SignIn> insert(Handle handle, SignIn.Wanted wanted) {
    handle.execute("SELECT pg_advisory_xact_lock(?)", ADDING);
    Optional<String> organisation = wanted.organisation();
    if (organisation.isPresent() && !OrganisationStore.hold(handle, organisation.get())) {
      return new Change.Invalid<>(List.of(new Problem("organisation", "is not known")));
    }
    int others = handle.createQuery("SELECT count(*) FROM sign_in").mapTo(Integer.class).one();
    if (others >= SignIn.MOST) {
      String reason = "would be one more than the %d that may be".formatted(SignIn.MOST);
      return new Change.Conflict<>(new Problem("sign-in", reason + ": name groups, not people"));
    }
    return handle
        .createQuery(
            "INSERT INTO sign_in (claim, value, role, organisation, sites)"
                + " VALUES (?, ?, ?, ?, ?) ON CONFLICT (claim, value) DO NOTHING RETURNING "
                + COLUMNS)
        .bind(0, wanted.claim().word())
        .bind(1, wanted.value())
        .bind(2, wanted.role().word())
        .bind(3, organisation.orElse(null))
        .bind(4, new Purview(organisation, wanted.sites()).siteIds())
        .map((row, context) -> read(row))
        .findOne()
        .<Change<SignIn>>map(made -> new Change.Committed<>(made, 0))
        .orElseGet(
            () ->
                new Change.Conflict<>(
                    new Problem("value", "may sign in already: remove that sign-in first")));
  }

  /**
   * Removes one; the tokens that came by it, and those that their holders made, are revoked at
   * once.
   */
  public Change<SignIn> remove(String id) {
    Optional<UUID> uuid = uuid(id);
    if (uuid.isEmpty()) {
      return new Change.Unknown<>();
    }
    return database.inTransaction(
        handle -> {
          Optional<SignIn> removed =
              handle
                  .createQuery("DELETE FROM sign_in WHERE id = ? RETURNING " + COLUMNS)
                  .bind(0, uuid.get())
                  .map((row, context) -> read(row))
                  .findOne();
          handle.execute(
              "UPDATE api_token SET revoked_at = now() WHERE (sign_in = ? OR made_by = ?)"
                  + " AND revoked_at IS NULL",
              uuid.get(),
              uuid.get());
          return removed
              .<Change<SignIn>>map(gone -> new Change.Committed<>(gone, 0))
              .orElseGet(Change.Unknown::new);
        });
  }

  /**
   * A token for somebody who signed in.
   *
   * @param name of the person, for people
   * @param life for which it is good
   */
  public Change<ApiToken> admit(SignIn by, String name, String secretSha256, Duration life) {
    UUID id = UUID.fromString(by.id());
    return database.inTransaction(
        handle -> {
          // Whoever removes it meanwhile waits, and then revokes this token too.
          boolean stays =
              handle
                  .createQuery("SELECT id FROM sign_in WHERE id = ? FOR UPDATE")
                  .bind(0, id)
                  .mapTo(String.class)
                  .findOne()
                  .isPresent();
          boolean may =
              by.organisation().map(one -> OrganisationStore.hold(handle, one)).orElse(true);
          if (!stays || !may) {
            return new Change.Unknown<>();
          }
          handle.execute("DELETE FROM api_token WHERE " + PAST);
          handle.execute(
              "UPDATE api_token SET revoked_at = now() WHERE id IN (SELECT id FROM api_token"
                  + " WHERE sign_in = ? AND name = ? AND revoked_at IS NULL"
                  + " AND expires_at > now() ORDER BY made_at DESC OFFSET ?)",
              id,
              name,
              MOST_OF_ONE - 1);
          return new Change.Committed<>(
              TokenStore.insert(
                  handle,
                  new ApiToken.Wanted(
                      name, by.role(), by.organisation(), by.sites(), Optional.of(life)),
                  secretSha256,
                  Optional.of(id)),
              0);
        });
  }

  /** Revokes a token that came of signing in; what was made by hand stays. */
  public boolean leave(String secretSha256) {
    return database.inTransaction(
        handle ->
            handle.execute(
                    "UPDATE api_token SET revoked_at = now() WHERE secret_sha256 = ?"
                        + " AND sign_in IS NOT NULL AND revoked_at IS NULL",
                    secretSha256)
                > 0);
  }

  private static Optional<UUID> uuid(String id) {
    try {
      return Optional.of(UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static SignIn read(ResultSet row) throws SQLException {
    Array sites = row.getArray("sites");
    return new SignIn(
        row.getString("id"),
        SignIn.Claim.of(row.getString("claim")).orElseThrow(),
        row.getString("value"),
        Role.of(row.getString("role")).orElseThrow(),
        Optional.ofNullable(row.getString("organisation")),
        sites == null ? Optional.empty() : Optional.of(Set.of((String[]) sites.getArray())),
        row.getTimestamp("made_at").toInstant());
  }
}
