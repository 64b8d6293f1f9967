package dev.perigee.control.store;

import java.util.List;

/** Reads the change log. */
public final class ChangeStore {
  private final Database database;

  public ChangeStore(Database database) {
    this.database = database;
  }

  /**
   * What changed at a revision.
   *
   * @param kind {@code site}, {@code certificate}, {@code node} or {@code zones}
   * @param resource its id or name
   */
  public record LoggedChange(long revision, String kind, String resource) {}

  /** Changes above a revision, ascending. */
  public List<LoggedChange> after(long revision, int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT revision, kind, resource FROM change_log WHERE revision > ?"
                        + " ORDER BY revision LIMIT ?")
                .bind(0, revision)
                .bind(1, limit)
                .map(
                    (row, context) ->
                        new LoggedChange(row.getLong(1), row.getString(2), row.getString(3)))
                .list());
  }
}
