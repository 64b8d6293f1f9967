package dev.perigee.control.store;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.Optional;

/** How the certificates of all sites do, in figures. Calls block. */
public final class CertificateCounts {
  private final Database database;

  public CertificateCounts(Database database) {
    this.database = database;
  }

  /**
   * The figures.
   *
   * @param all certificates
   * @param expiring those that ended or end soon, as {@link ExpiryPolicy} has it
   * @param first when the first of them ends
   * @param failing sites whose last order of one failed
   */
  public record Counts(long all, long expiring, Optional<Instant> first, long failing) {
    /** Before anything was read. */
    public static final Counts NONE = new Counts(0, 0, Optional.empty(), 0);
  }

  /** The figures of a moment. */
  public Counts at(Instant now) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT count(*), count(*) FILTER (WHERE ? >= not_after"
                        + " - least(? * interval '1 second', (not_after - not_before) / ?)),"
                        + " min(not_after), (SELECT count(*) FROM acme_site WHERE failures > 0)"
                        + " FROM certificate")
                .bind(0, Timestamp.from(now))
                .bind(1, ExpiryPolicy.SOON.toSeconds())
                .bind(2, ExpiryPolicy.LIFE_PARTS)
                .map(
                    (row, context) ->
                        new Counts(
                            row.getLong(1),
                            row.getLong(2),
                            Optional.ofNullable(row.getTimestamp(3)).map(Timestamp::toInstant),
                            row.getLong(4)))
                .one());
  }
}
