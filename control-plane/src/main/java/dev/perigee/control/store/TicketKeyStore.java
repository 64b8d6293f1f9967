package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.TicketKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;

/** The keys of session tickets in PostgreSQL, the same for all control planes. */
public final class TicketKeyStore {
  private final Database database;
  private final KeyRing keys;

  /**
   * A store over a database.
   *
   * @param keys that secrets are sealed with
   */
  public TicketKeyStore(Database database, KeyRing keys) {
    this.database = database;
    this.keys = keys;
  }

  /** All of them, the one that began first, first. */
  public List<TicketKey> all() {
    return database.read(this::all);
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

  private List<TicketKey> all(Handle handle) {
    return handle
        .createQuery(
            "SELECT name, secret, begins, expires, sealed_by FROM ticket_key ORDER BY begins")
        .map((row, context) -> key(row))
        .list();
  }

  private TicketKey key(ResultSet row) throws SQLException {
    Bytes name = Bytes.copyOf(row.getBytes(1));
    return new TicketKey(
        name,
        keys.open(row(name), KeyRing.Kept.of(row.getString(5), row.getBytes(2))),
        row.getTimestamp(3).toInstant(),
        row.getTimestamp(4).toInstant());
  }

  /** What its secret is sealed as. */
  static String row(Bytes name) {
    return "ticket key " + name.toHex();
  }

  private void insert(Handle handle, TicketKey key) {
    KeyRing.Kept kept = keys.seal(row(key.name()), key.secret());
    handle.execute(
        "INSERT INTO ticket_key (name, secret, sealed_by, begins, expires) VALUES (?, ?, ?, ?, ?)",
        key.name().toArray(),
        kept.content().toArray(),
        kept.by().orElse(null),
        Timestamp.from(key.begins()),
        Timestamp.from(key.expires()));
  }

  private static void delete(Handle handle, TicketKey key) {
    handle.execute("DELETE FROM ticket_key WHERE name = ?", key.name().toArray());
  }
}
