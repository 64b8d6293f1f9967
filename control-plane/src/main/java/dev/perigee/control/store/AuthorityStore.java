package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.Limits;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** The edge CAs of a database with their keys, who trusts them, and what of theirs is revoked. */
public final class AuthorityStore {
  /** Longer than a node's certificate lives, whatever a clock says. */
  private static final String LONG_AGO = "now() - interval '35 days'";

  private final Database database;
  private final SettingStore settings;

  /** What a CA is for. */
  public enum Place {
    /** It signs. */
    SIGNING("edge-authority"),
    /** It is to sign, once everybody trusts it. */
    NEXT("edge-authority-next"),
    /** It did, and is trusted until nobody shows a certificate of it any more. */
    BEFORE("edge-authority-before");

    private final String setting;

    Place(String setting) {
      this.setting = setting;
    }
  }

  /**
   * A node that is enrolled, or a control plane that lives.
   *
   * @param name of the node; where the control plane is reached
   * @param trusts fingerprints of the CAs that it says it trusts; empty where it said nothing
   * @param shows fingerprint of the CA of the certificate that it shows; empty likewise
   */
  public record Trusting(String name, Set<String> trusts, Optional<String> shows) {
    public Trusting {
      trusts = Set.copyOf(trusts);
    }
  }

  public AuthorityStore(Database database, SettingStore settings) {
    this.database = database;
    this.settings = settings;
  }

  /** The CAs by what they are for, as of one moment; made where there is none. */
  public Map<Place, Bytes> all(java.util.function.Supplier<byte[]> first) {
    settings.getOrMake(Place.SIGNING.setting, first);
    return database.read(this::all);
  }

  private Map<Place, Bytes> all(Handle handle) {
    Map<String, byte[]> found =
        settings.find(handle, List.of(Place.values()).stream().map(one -> one.setting).toList());
    Map<Place, Bytes> all = new EnumMap<>(Place.class);
    for (Place place : Place.values()) {
      byte[] kept = found.get(place.setting);
      if (kept != null) {
        all.put(place, Bytes.copyOf(kept));
      }
    }
    return all;
  }

  /** What a step of a rotation looks at and changes; nobody takes another one meanwhile. */
  public final class Step {
    private final Handle handle;

    private Step(Handle handle) {
      this.handle = handle;
    }

    public Map<Place, Bytes> authorities() {
      return all(handle);
    }

    public List<Trusting> nodes() {
      return AuthorityStore.nodes(handle);
    }

    public List<Trusting> controlPlanes() {
      return AuthorityStore.controlPlanes(handle);
    }

    public void put(Place place, Bytes authority) {
      settings.put(handle, place.setting, authority.toArray());
    }

    public void remove(Place place) {
      handle.execute("DELETE FROM setting WHERE name = ?", place.setting);
    }
  }

  /** A step of a rotation, alone and in one transaction. */
  public <T> Change<T> change(Function<Step, Change<T>> step) {
    return database.inTransaction(
        handle -> {
          handle.execute("LOCK TABLE setting IN SHARE ROW EXCLUSIVE MODE");
          return step.apply(new Step(handle));
        });
  }

  /** What a step would look at. */
  public <T> T look(Function<Step, T> look) {
    return database.read(handle -> look.apply(new Step(handle)));
  }

  private static List<Trusting> nodes(Handle handle) {
    return handle
        .createQuery("SELECT name, trusts, issuer FROM node WHERE serial IS NOT NULL ORDER BY name")
        .map((row, context) -> trusting(row))
        .list();
  }

  private static List<Trusting> controlPlanes(Handle handle) {
    return handle
        .createQuery(
            "SELECT address, trusts, shows FROM replica WHERE "
                + ReplicaStore.LIVING
                + " ORDER BY address")
        .map((row, context) -> trusting(row))
        .list();
  }

  private static Trusting trusting(ResultSet row) throws SQLException {
    Array trusts = row.getArray(2);
    return new Trusting(
        row.getString(1),
        trusts == null ? Set.of() : Set.of((String[]) trusts.getArray()),
        Optional.ofNullable(row.getString(3)));
  }

  /** Serial numbers of certificates that nodes are to refuse of each other; the newest first. */
  public List<String> revoked() {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT serial FROM revoked_certificate ORDER BY revoked_at DESC, serial LIMIT "
                        + Limits.REVOKED)
                .mapTo(String.class)
                .list());
  }

  /** Notes a certificate that a node is given, as part of a transaction. */
  static void issued(Handle handle, String node, String serial) {
    handle.execute("INSERT INTO issued_certificate (serial, node) VALUES (?, ?)", serial, node);
  }

  /**
   * Has all nodes refuse every certificate that a node was given and that may be valid still, as
   * part of a transaction. The two in its row may be of a build that noted no others.
   */
  static void revoke(Handle handle, String node) {
    handle.execute(
        "INSERT INTO revoked_certificate (serial, node) SELECT one, name FROM node,"
            + " unnest(ARRAY[serial, next_serial]) AS one WHERE name = ? AND one IS NOT NULL"
            + " UNION SELECT serial, node FROM issued_certificate WHERE node = ?"
            + " ON CONFLICT DO NOTHING",
        node,
        node);
    handle.execute("DELETE FROM issued_certificate WHERE node = ?", node);
  }

  /** Forgets what has expired since it was revoked, or issued. */
  public void forget() {
    database.inTransaction(
        handle -> {
          handle.execute("DELETE FROM issued_certificate WHERE issued_at < " + LONG_AGO);
          return handle.execute("DELETE FROM revoked_certificate WHERE revoked_at < " + LONG_AGO);
        });
  }
}
