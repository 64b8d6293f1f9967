package dev.perigee.control.store;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * The control planes on this database. The database's clock alone decides who lives: those of the
 * control planes may differ.
 */
public final class ReplicaStore {
  /** Without a word for so long a control plane counts as gone. */
  private static final String LIVING = "seen_at > now() - interval '5 seconds'";

  private static final String FORGOTTEN = "seen_at < now() - interval '1 hour'";

  private final Database database;

  public ReplicaStore(Database database) {
    this.database = database;
  }

  /** Says that this one lives, and tells all that do, by their ids. */
  public List<Replica> beat(Replica own) {
    return database.inTransaction(
        handle -> {
          handle.execute(
              "INSERT INTO replica (id, address, build) VALUES (?, ?, ?)"
                  + " ON CONFLICT (id) DO UPDATE SET seen_at = now()",
              UUID.fromString(own.id()),
              own.address(),
              own.build());
          handle.execute("DELETE FROM replica WHERE " + FORGOTTEN);
          return living(handle);
        });
  }

  /** Tells all that live, without being one of them. */
  public List<Replica> living() {
    return database.read(ReplicaStore::living);
  }

  /** This one stops. */
  public void leave(Replica own) {
    database.inTransaction(
        handle -> handle.execute("DELETE FROM replica WHERE id = ?", UUID.fromString(own.id())));
  }

  private static List<Replica> living(Handle handle) {
    return handle
        .createQuery("SELECT id, address, build FROM replica WHERE " + LIVING + " ORDER BY id")
        .map((row, context) -> new Replica(row.getString(1), row.getString(2), row.getString(3)))
        .list();
  }
}
