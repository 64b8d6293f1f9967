package dev.perigee.control.store;

import dev.perigee.contract.SiteConfig;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * What each site was at each of its revisions. A revision is written in the transaction that makes
 * it, and never again; the oldest beyond a number of them are forgotten.
 */
public final class SiteHistory {
  /** Revisions of one site that are kept where nobody says otherwise. */
  public static final int USUAL_KEPT = 100;

  private static final String SELECT =
      "SELECT revision, kind, at, who, note, config, site FROM site_revision WHERE site = ?";

  private final Database database;
  private final int kept;

  /**
   * The history in a database.
   *
   * @param kept newest revisions of each site that are kept, at least 2
   */
  public SiteHistory(Database database, int kept) {
    if (kept < 2) {
      throw new IllegalArgumentException("at least 2 revisions of a site must be kept");
    }
    this.database = database;
    this.kept = kept;
  }

  /** What a revision did. */
  public enum Kind {
    /** The site was registered. */
    ADDED,
    /** Its settings were replaced. */
    CHANGED,
    /** An earlier revision's settings were put in force again. */
    ROLLED_BACK,
    /** It was taken out of service. */
    REMOVED,
    /** Made by a build that kept no history; found by the change after it. */
    FOUND;

    /** As the database and the API call it. */
    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    static Kind of(String word) {
      return valueOf(word.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
    }
  }

  /**
   * One revision.
   *
   * @param site as it was from then on; as it was until then where it was removed
   */
  public record Entry(
      long revision, Kind kind, Instant at, String who, String note, SiteConfig site) {}

  /** The revisions of a site that are kept, newest first; of removed sites too. */
  public List<Entry> of(String site) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " ORDER BY revision DESC")
                .bind(0, site)
                .map((row, context) -> read(row, context))
                .list());
  }

  public Optional<Entry> at(String site, long revision) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " AND revision = ?")
                .bind(0, site)
                .bind(1, revision)
                .map((row, context) -> read(row, context))
                .findOne());
  }

  /** Writes the revision that this transaction makes. */
  void record(Handle handle, SiteConfig site, long revision, Kind kind, Edit edit) {
    handle.execute("UPDATE site SET revision = ? WHERE id = ?", revision, site.id());
    insert(handle, site, revision, kind, edit);
    handle.execute(
        "DELETE FROM site_revision WHERE site = ? AND revision <= (SELECT revision"
            + " FROM site_revision WHERE site = ? ORDER BY revision DESC OFFSET ? LIMIT 1)",
        site.id(),
        site.id(),
        kept);
  }

  /**
   * Writes what a site is before it is changed, where the history has something else: it began
   * later than the site, or a build that knows of no history changed it.
   *
   * @param revision of the site's newest change that is known
   */
  void find(Handle handle, SiteConfig before, long revision) {
    Optional<SiteConfig> newest =
        handle
            .createQuery(SELECT + " ORDER BY revision DESC LIMIT 1")
            .bind(0, before.id())
            .map((row, context) -> read(row, context).site())
            .findOne();
    if (newest.filter(before::equals).isEmpty()) {
      long logged =
          handle
              .createQuery(
                  "SELECT greatest(?, (SELECT max(revision) FROM change_log"
                      + " WHERE kind = 'site' AND resource = ?))")
              .bind(0, revision)
              .bind(1, before.id())
              .mapTo(Long.class)
              .one();
      insert(handle, before, logged, Kind.FOUND, Edit.PLAIN);
    }
  }

  private static void insert(Handle handle, SiteConfig site, long revision, Kind kind, Edit edit) {
    SealedColumns sealed = handle.getConfig(SealedColumns.class);
    handle.execute(
        "INSERT INTO site_revision (site, revision, kind, who, note, config, sealed_by)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        site.id(),
        revision,
        kind.word(),
        edit.who(),
        edit.note(),
        sealed.whole(site),
        sealed.mark(site));
  }

  private static Entry read(ResultSet row, StatementContext context) throws SQLException {
    return new Entry(
        row.getLong(1),
        Kind.of(row.getString(2)),
        row.getTimestamp(3).toInstant(),
        row.getString(4),
        row.getString(5),
        context.getConfig(SealedColumns.class).whole(row.getString(7), row.getBytes(6)));
  }
}
