package dev.perigee.control.store;

import dev.perigee.contract.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Organisations in PostgreSQL. */
public final class OrganisationStore {
  private static final String SELECT =
      "SELECT o.id, o.name, o.made_at, (SELECT count(*) FROM site s"
          + " WHERE s.organisation = o.id AND s.removed_at IS NULL) FROM organisation o"
          + " WHERE o.removed_at IS NULL";

  /** Of an advisory lock: no site gets an id that begins as that of one which is made meanwhile. */
  private static final long NAMING = 0x7065_7269_0004L;

  private final Database database;

  public OrganisationStore(Database database) {
    this.database = database;
  }

  /**
   * Some of them, by id.
   *
   * @param after behind which they begin
   */
  public List<Organisation> page(Optional<String> after, int most) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " AND o.id > coalesce(?, '') ORDER BY o.id LIMIT ?")
                .bind(0, after.orElse(null))
                .bind(1, most)
                .map((row, context) -> read(row))
                .list());
  }

  public Optional<Organisation> byId(String id) {
    return database.read(handle -> find(handle, id));
  }

  /** Adds one; a conflict where its id is, or was, another's. */
  public Change<Organisation> add(String id, String name) {
    List<Problem> problems = new ArrayList<>();
    if (!Organisation.ID.matcher(id).matches()) {
      problems.add(new Problem("id", "must be 2 to 12 of a-z and 0-9, a letter first"));
    }
    if (name.isBlank()
        || name.length() > Organisation.NAME_LENGTH
        || name.chars().anyMatch(Character::isISOControl)) {
      String reason = "must be 1 to %d visible characters".formatted(Organisation.NAME_LENGTH);
      problems.add(new Problem("name", reason));
    }
    return problems.isEmpty()
        ? database.inTransaction(handle -> insert(handle, id, name))
        : new Change.Invalid<>(problems);
  }

  private static Change<Organisation> insert(Handle handle, String id, String name) {
    handle.execute("SELECT pg_advisory_xact_lock(?)", NAMING);
    boolean used =
        handle
            .createQuery(
                "SELECT EXISTS (SELECT 1 FROM site WHERE organisation <> ?"
                    + " AND starts_with(id, ?))")
            .bind(0, id)
            .bind(1, id + "-")
            .mapTo(Boolean.class)
            .one();
    if (used) {
      String reason = "is how ids of sites of others begin, now or once: choose another";
      return new Change.Conflict<>(new Problem("id", reason));
    }
    // One after the other, so that no two take the last place.
    handle.execute("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE");
    int others =
        handle
            .createQuery("SELECT count(*) FROM organisation WHERE removed_at IS NULL")
            .mapTo(Integer.class)
            .one();
    if (others >= Organisation.MOST) {
      String reason = "would be one more than the %d that may be".formatted(Organisation.MOST);
      return new Change.Conflict<>(new Problem("id", reason));
    }
    int rows =
        handle.execute(
            "INSERT INTO organisation (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", id, name);
    return rows == 1
        ? new Change.Committed<>(find(handle, id).orElseThrow(), 0)
        : new Change.Conflict<>(
            new Problem("id", "is taken, now or once: ids are never used again"));
  }

  /** Removes one that has no sites and no certificates any more; its tokens are revoked. */
  public Change<Organisation> remove(String id) {
    return database.inTransaction(
        handle -> {
          // Who adds a site to it meanwhile waits, and then finds it gone.
          handle.execute("SELECT 1 FROM organisation WHERE id = ? FOR UPDATE", id);
          Optional<Organisation> found = find(handle, id);
          if (found.isEmpty()) {
            return new Change.Unknown<>();
          }
          if (id.equals(Organisation.FIRST)) {
            String reason = "is the first one, which stays: what nobody else has is its";
            return new Change.Conflict<>(new Problem("organisation", reason));
          }
          boolean certified =
              handle
                  .createQuery("SELECT EXISTS (SELECT 1 FROM certificate WHERE organisation = ?)")
                  .bind(0, id)
                  .mapTo(Boolean.class)
                  .one();
          if (found.get().sites() > 0 || certified) {
            String reason = "has sites or certificates: remove those first";
            return new Change.Conflict<>(new Problem("organisation", reason));
          }
          HostClaims.lock(handle);
          handle.execute("DELETE FROM dns_challenge WHERE organisation = ?", id);
          handle.execute("DELETE FROM host_claim WHERE organisation = ?", id);
          handle.execute("DELETE FROM host_proof WHERE organisation = ?", id);
          handle.execute(
              "UPDATE api_token SET revoked_at = coalesce(revoked_at, now())"
                  + " WHERE organisation = ?",
              id);
          handle.execute("DELETE FROM sign_in WHERE organisation = ?", id);
          handle.execute("UPDATE organisation SET removed_at = now() WHERE id = ?", id);
          return new Change.Committed<>(found.get(), 0);
        });
  }

  /**
   * Whether a site's id begins as those of another organisation do, now or once; before anything
   * else is locked.
   */
  static boolean isOfAnother(Handle handle, String organisation, String siteId) {
    lockNames(handle);
    int hyphen = siteId.indexOf('-');
    return hyphen > 0
        && handle
            .createQuery("SELECT EXISTS (SELECT 1 FROM organisation WHERE id = ? AND id <> ?)")
            .bind(0, siteId.substring(0, hyphen))
            .bind(1, organisation)
            .mapTo(Boolean.class)
            .one();
  }

  /** Lets no organisation be made until this transaction ends. */
  static void lockNames(Handle handle) {
    handle.execute("SELECT pg_advisory_xact_lock_shared(?)", NAMING);
  }

  /** Keeps it from being removed until this transaction ends; false where there is none. */
  static boolean hold(Handle handle, String id) {
    return hold(handle, id, " FOR SHARE");
  }

  /** The same, alone: whatever is counted of it stays as it is until this transaction ends. */
  static boolean holdAlone(Handle handle, String id) {
    return hold(handle, id, " FOR UPDATE");
  }

  /** Why there may not be one more site of it; empty where there may. */
  static <T> Optional<Change<T>> oneMoreSite(Handle handle, String id, boolean byOperator) {
    // A tenant's are counted: one after the other, so that no two take the last place.
    if (!(byOperator ? hold(handle, id) : holdAlone(handle, id))) {
      return Optional.of(
          new Change.Invalid<>(List.of(new Problem("organisation", "is not known"))));
    }
    if (byOperator || find(handle, id).orElseThrow().sites() < Organisation.MOST_SITES) {
      return Optional.empty();
    }
    String reason =
        "would be one more than the %d of an organisation: remove old ones"
            .formatted(Organisation.MOST_SITES);
    return Optional.of(new Change.Conflict<>(new Problem("site", reason)));
  }

  private static boolean hold(Handle handle, String id, String how) {
    return handle
        .createQuery("SELECT id FROM organisation WHERE id = ? AND removed_at IS NULL" + how)
        .bind(0, id)
        .mapTo(String.class)
        .findOne()
        .isPresent();
  }

  private static Optional<Organisation> find(Handle handle, String id) {
    return handle
        .createQuery(SELECT + " AND o.id = ?")
        .bind(0, id)
        .map((row, context) -> read(row))
        .findOne();
  }

  private static Organisation read(java.sql.ResultSet row) throws java.sql.SQLException {
    return new Organisation(
        row.getString(1), row.getString(2), row.getTimestamp(3).toInstant(), row.getInt(4));
  }
}
