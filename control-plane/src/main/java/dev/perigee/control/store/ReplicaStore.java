package dev.perigee.control.store;

import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/**
 * The control planes on this database. The database's clock alone decides who lives: those of the
 * control planes may differ.
 */
public final class ReplicaStore {
  /** Without a word for so long a control plane counts as gone. */
  static final String LIVING = "seen_at > now() - interval '5 seconds'";

  /** Who has stopped is not there at all, who was killed may be for so long. */
  private static final String SILENT = "seen_at > now() - interval '10 minutes'";

  private static final String FORGOTTEN = "seen_at < now() - interval '1 hour'";

  /** What it knows of who can send sites that ask readers for certificates. */
  private static final String CLIENT_CERTIFICATES = "client-certificates";

  private final Database database;
  private final List<String> opens;
  private final Supplier<Trusts> trusts;

  /** One whose control plane opens no secrets. */
  public ReplicaStore(Database database) {
    this(database, List.of(), () -> new Trusts(List.of(), ""));
  }

  /**
   * One of a control plane.
   *
   * @param opens ids of the keys that it can open secrets with
   * @param trusts what it says of edge CAs, now
   */
  public ReplicaStore(Database database, List<String> opens, Supplier<Trusts> trusts) {
    this.trusts = trusts;
    this.database = database;
    this.opens = List.copyOf(opens);
  }

  /**
   * What a control plane says of edge CAs.
   *
   * @param authorities fingerprints of those that it trusts
   * @param shows that of the one whose certificate it shows
   */
  public record Trusts(List<String> authorities, String shows) {
    public Trusts {
      authorities = List.copyOf(authorities);
    }
  }

  /** Says that this one lives, and tells all that do, by their ids. */
  public List<Replica> beat(Replica own) {
    Trusts now = trusts.get();
    return database.inTransaction(
        handle -> {
          handle.execute(
              "INSERT INTO replica (id, address, build, opens, trusts, shows, knows)"
                  + " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET seen_at = now(),"
                  + " trusts = excluded.trusts, shows = excluded.shows",
              UUID.fromString(own.id()),
              own.address(),
              own.build(),
              opens.toArray(String[]::new),
              now.authorities().toArray(String[]::new),
              now.shows(),
              new String[] {CLIENT_CERTIFICATES});
          handle.execute("DELETE FROM replica WHERE " + FORGOTTEN);
          return living(handle);
        });
  }

  /** Tells all that live, without being one of them. */
  public List<Replica> living() {
    return database.read(ReplicaStore::living);
  }

  /**
   * Which keys each of those that live can open secrets with. One that is silent may live on and
   * come again: what is sealed before its eyes it cannot read, and that is not undone.
   */
  List<Set<String>> keys() {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT coalesce(opens, '{}') FROM replica WHERE " + SILENT)
                .map((row, context) -> Set.of((String[]) row.getArray(1).getArray()))
                .list());
  }

  /** Whether all control planes know of sites that ask readers for certificates. */
  static boolean allKnowAsking(Handle handle) {
    return handle
        .createQuery(
            "SELECT NOT EXISTS (SELECT 1 FROM replica WHERE " + SILENT + " AND ? <> ALL (knows))")
        .bind(0, CLIENT_CERTIFICATES)
        .mapTo(Boolean.class)
        .one();
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
