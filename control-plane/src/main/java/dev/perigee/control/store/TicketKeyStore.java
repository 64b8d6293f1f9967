package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.TicketKey;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;

/** The keys of session tickets in PostgreSQL, the same for all control planes. */
public final class TicketKeyStore {
  private final Database database;

  public TicketKeyStore(Database database) {
    this.database = database;
  }

  /** All of them, the one that began first, first. */
  public List<TicketKey> all() {
    return database.read(TicketKeyStore::all);
  }

  /**
   * Makes others of them, of control planes that do so at once one after the other; gives those
   * that there are then.
   */
  public List<TicketKey> change(UnaryOperator<List<TicketKey>> step) {
    return database.inTransaction(
        handle -> {
          handle.execute("LOCK TABLE ticket_key IN SHARE ROW EXCLUSIVE MODE");
          List<TicketKey> before = all(handle);
          List<TicketKey> after = step.apply(before);
          before.stream().filter(key -> !after.contains(key)).forEach(key -> delete(handle, key));
          after.stream().filter(key -> !before.contains(key)).forEach(key -> insert(handle, key));
          return after;
        });
  }

  private static List<TicketKey> all(Handle handle) {
    return handle
        .createQuery("SELECT name, secret, begins, expires FROM ticket_key ORDER BY begins")
        .map(
            (row, context) ->
                new TicketKey(
                    Bytes.copyOf(row.getBytes(1)),
                    Bytes.copyOf(row.getBytes(2)),
                    time(row.getTimestamp(3)),
                    time(row.getTimestamp(4))))
        .list();
  }

  private static Instant time(Timestamp kept) {
    return kept.toInstant();
  }

  private static void insert(Handle handle, TicketKey key) {
    handle.execute(
        "INSERT INTO ticket_key (name, secret, begins, expires) VALUES (?, ?, ?, ?)",
        key.name().toArray(),
        key.secret().toArray(),
        Timestamp.from(key.begins()),
        Timestamp.from(key.expires()));
  }

  private static void delete(Handle handle, TicketKey key) {
    handle.execute("DELETE FROM ticket_key WHERE name = ?", key.name().toArray());
  }
}
