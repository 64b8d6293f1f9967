package dev.perigee.control.store;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Which processes answer DNS, and of what moment they know all texts, by the database's clock
 * alone. Calls block.
 */
public final class DnsReaders {
  private static final String LIVING = "seen_at > now() - interval '5 seconds'";

  private final Database database;

  public DnsReaders(Database database) {
    this.database = database;
  }

  /** The database's time. */
  public Instant now() {
    return database.read(
        handle -> handle.createQuery("SELECT clock_timestamp()").mapTo(Instant.class).one());
  }

  /** A process answers by all that was committed before a moment. */
  public void answers(String id, Instant through) {
    database.inTransaction(
        handle ->
            handle.execute(
                "INSERT INTO dns_reader (id, read_through) VALUES (?, ?)"
                    + " ON CONFLICT (id) DO UPDATE SET read_through = excluded.read_through,"
                    + " seen_at = now()",
                UUID.fromString(id),
                through));
  }

  /** Of each process that lives, up to when it answers. */
  public List<Instant> through() {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT read_through FROM dns_reader WHERE " + LIVING)
                .mapTo(Instant.class)
                .list());
  }
}
