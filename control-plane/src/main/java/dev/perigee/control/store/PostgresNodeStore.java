package dev.perigee.control.store;

import dev.perigee.contract.Limits;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteValidator;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Nodes in PostgreSQL. The change log has every change that other nodes see, and their coming to a
 * region, as from that revision on a node needs other sites.
 */
public final class PostgresNodeStore implements NodeStore {
  private static final String SELECT =
      "SELECT name, region, latitude, longitude, addresses, http_port, https_port, draining,"
          + " serial, shield, peer_port, country FROM node";

  private static final String SELECT_PLACEMENT =
      "SELECT region, placed_at, array_remove(ARRAY[serial, next_serial], NULL)";

  private static final Problem UNREACHABLE_SHIELD =
      new Problem("peerPort", "must be 1 to 65535 for a shield: other nodes ask it there");

  private final Database database;
  private final LogNumbers numbers;

  public PostgresNodeStore(Database database, LogNumbers numbers) {
    this.database = database;
    this.numbers = numbers;
  }

  @Override
  public Change<Node> add(Node node) {
    List<Problem> problems = problems(node);
    if (!problems.isEmpty()) {
      return new Change.Invalid<>(problems);
    }
    return change(
        handle -> {
          int rows =
              handle.execute(
                  "INSERT INTO node (name, region, latitude, longitude, addresses, http_port,"
                      + " https_port, shield, peer_port, country)"
                      + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                      + " ON CONFLICT DO NOTHING",
                  node.name(),
                  node.region(),
                  node.latitude(),
                  node.longitude(),
                  addresses(node),
                  node.httpPort(),
                  node.httpsPort(),
                  node.shield(),
                  node.peerPort(),
                  node.country());
          return rows == 1
              ? placed(handle, node.name())
              : new Change.Conflict<>(new Problem("name", node.name() + " exists already"));
        });
  }

  @Override
  public Change<Node> replace(Node node) {
    List<Problem> problems = problems(node);
    if (!problems.isEmpty()) {
      return new Change.Invalid<>(problems);
    }
    return change(
        handle -> {
          Optional<Node> before = find(handle, node.name());
          if (before.isEmpty()) {
            return new Change.Unknown<>();
          }
          handle.execute(
              "UPDATE node SET region = ?, latitude = ?, longitude = ?, addresses = ?,"
                  + " http_port = ?, https_port = ?, shield = ?, peer_port = ?, country = ?"
                  + " WHERE name = ?",
              node.region(),
              node.latitude(),
              node.longitude(),
              addresses(node),
              node.httpPort(),
              node.httpsPort(),
              node.shield(),
              node.peerPort(),
              node.country(),
              node.name());
          return before.get().region().equals(node.region())
              ? seen(handle, before.get())
              : placed(handle, node.name());
        });
  }

  @Override
  public Change<Node> setDraining(String name, boolean draining) {
    return change(
        handle -> {
          Optional<Node> before = find(handle, name);
          handle.execute("UPDATE node SET draining = ? WHERE name = ?", draining, name);
          return before.map(node -> drained(handle, node, draining)).orElseGet(Change.Unknown::new);
        });
  }

  /** Logged, whatever other nodes see of it: steering follows the log at once. */
  private static Change<Node> drained(Handle handle, Node before, boolean draining) {
    boolean changed = before.draining() != draining;
    long revision = changed ? LogNumbers.nextRevision(handle, "node", before.name()) : 0;
    return new Change.Committed<>(find(handle, before.name()).orElseThrow(), revision);
  }

  @Override
  public Change<Node> setShield(String name, boolean shield) {
    return change(
        handle -> {
          Optional<Node> before = find(handle, name);
          if (shield && before.filter(node -> node.peerPort() == 0).isPresent()) {
            return new Change.Invalid<>(List.of(UNREACHABLE_SHIELD));
          }
          handle.execute("UPDATE node SET shield = ? WHERE name = ?", shield, name);
          return before.map(node -> seen(handle, node)).orElseGet(Change.Unknown::new);
        });
  }

  @Override
  public Change<Node> remove(String name) {
    return change(
        handle -> {
          Optional<Node> node = find(handle, name);
          if (node.isEmpty()) {
            return new Change.Unknown<>();
          }
          AuthorityStore.revoke(handle, name);
          handle.execute("DELETE FROM node WHERE name = ?", name);
          return new Change.Committed<>(node.get(), LogNumbers.nextRevision(handle, "node", name));
        });
  }

  @Override
  public Optional<Node> byName(String name) {
    return Optional.ofNullable(byNames(Set.of(name)).get(name));
  }

  /** The nodes with these names that exist, by name. */
  public Map<String, Node> byNames(Set<String> names) {
    Map<String, Node> found = new LinkedHashMap<>();
    database
        .read(
            handle ->
                handle
                    .createQuery(SELECT + " WHERE name = ANY (?) ORDER BY name")
                    .bind(0, names.toArray(String[]::new))
                    .map((row, context) -> read(row))
                    .list())
        .forEach(node -> found.put(node.name(), node));
    return found;
  }

  @Override
  public List<Node> all() {
    return database.read(
        handle -> handle.createQuery(SELECT + " ORDER BY name").map((r, c) -> read(r)).list());
  }

  /**
   * What a node's stream asks again and again.
   *
   * @param region where it is
   * @param since the revision at which it came there; what it has from before is another region's
   * @param serials of the certificates it may use, hexadecimal
   */
  public record Placement(String region, long since, Set<String> serials) {
    public Placement {
      serials = Set.copyOf(serials);
    }
  }

  /** Where all nodes are, by name. */
  public Map<String, Placement> placements() {
    Map<String, Placement> all = new HashMap<>();
    database
        .read(
            handle ->
                handle
                    .createQuery(SELECT_PLACEMENT + ", name FROM node")
                    .map((row, context) -> Map.entry(row.getString(4), placement(row)))
                    .list())
        .forEach(node -> all.put(node.getKey(), node.getValue()));
    return all;
  }

  private static Placement placement(ResultSet row) throws SQLException {
    return new Placement(
        row.getString(1), row.getLong(2), Set.of((String[]) row.getArray(3).getArray()));
  }

  /**
   * A node that may come, and how far the logs were when it was let in.
   *
   * @param floor the smallest number that a node can have applied last for the purges after it to
   *     be all there
   */
  public record Admission(Placement place, LogNumbers.Head head, long floor) {}

  /** Lets a node in as {@link #admits} does, and says what its stream needs to begin. */
  public Optional<Admission> admit(String name, String serial, Instant issued) {
    // One look is enough for who comes with what it came with before.
    Optional<Admission> known = admission(name, serial);
    return known.isPresent() || !admits(name, serial, issued) ? known : admission(name, serial);
  }

  private Optional<Admission> admission(String name, String serial) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    SELECT_PLACEMENT
                        + ", h.log_id, h.revision, h.purge,"
                        + " coalesce((SELECT min(number) - 1 FROM purge), h.purge)"
                        + " FROM node CROSS JOIN log_head h WHERE name = ? AND serial = ?")
                .bind(0, name)
                .bind(1, serial)
                .map(
                    (row, context) ->
                        new Admission(
                            placement(row),
                            new LogNumbers.Head(row.getString(4), row.getLong(5), row.getLong(6)),
                            row.getLong(7)))
                .findOne());
  }

  /**
   * Whether what a node has kept is to be gone on from: not where sites ask readers for
   * certificates and it may hold them as one that lets everybody in, or not at all. A site may ask
   * on the canaries of a rollout before it does elsewhere.
   *
   * @param asks whether it can ask readers
   */
  public boolean mayGoOn(String name, boolean asks) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT (? AND coalesce(bool_or(asks_readers), false)) OR NOT (EXISTS (SELECT 1"
                        + " FROM site WHERE client_certificates <> '' AND removed_at IS NULL)"
                        + " OR EXISTS (SELECT 1 FROM rollout WHERE state = 'canary'"
                        + " AND ? = ANY (canaries))) FROM node WHERE name = ?")
                .bind(0, asks)
                .bind(1, name)
                .bind(2, name)
                .mapTo(Boolean.class)
                .one());
  }

  /** What a node has counts as that of one that can ask readers, or of one that cannot. */
  public void took(String name, boolean asks) {
    database.inTransaction(
        handle ->
            handle.execute(
                "UPDATE node SET asks_readers = ? WHERE name = ? AND asks_readers <> ?",
                asks,
                name,
                asks));
  }

  /**
   * A node to which readers of the site may be sent, and that would lack it once it asks them for
   * certificates; empty where there is none, or where the site asks already.
   */
  static Optional<String> lacking(Handle handle, SiteConfig site) {
    return handle
        .createQuery(
            "SELECT name FROM node WHERE serial IS NOT NULL AND NOT draining AND NOT asks_readers"
                + " AND (? OR region = ANY (?)) AND NOT EXISTS (SELECT 1 FROM site"
                + " WHERE id = ? AND client_certificates <> '') ORDER BY name LIMIT 1")
        .bind(0, site.regions().isEmpty())
        .bind(1, site.regions().toArray(String[]::new))
        .bind(2, site.id())
        .mapTo(String.class)
        .findOne();
  }

  /** Where the node is; empty when there is none of this name. */
  public Optional<Placement> placement(String name) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT_PLACEMENT + " FROM node WHERE name = ?")
                .bind(0, name)
                .map((row, context) -> placement(row))
                .findOne());
  }

  /**
   * Whether the node may come with the certificate of this serial number. The first use of a
   * renewed one ends the use of the one before it. After a backup was restored, the first one
   * issued since the backup is taken for a renewed one.
   *
   * @param issued when the certificate was
   */
  public boolean admits(String name, String serial, Instant issued) {
    return database.inTransaction(
        handle ->
            handle.execute(
                        "UPDATE node SET serial = next_serial, next_serial = NULL"
                            + " WHERE name = ? AND next_serial = ?",
                        name,
                        serial)
                    == 1
                || handle
                    .createQuery("SELECT 1 FROM node WHERE name = ? AND serial = ?")
                    .bind(0, name)
                    .bind(1, serial)
                    .mapTo(Integer.class)
                    .findOne()
                    .isPresent()
                || handle.execute(
                        "UPDATE node SET serial = ?, next_serial = NULL, readmit_after = NULL"
                            + " WHERE name = ? AND readmit_after <= ?",
                        serial,
                        name,
                        issued)
                    == 1);
  }

  /** Notes by which CA the certificate is that a node came with. */
  public void cameWith(String name, String issuer) {
    database.inTransaction(
        handle ->
            handle.execute(
                "UPDATE node SET issuer = ? WHERE name = ? AND issuer IS DISTINCT FROM ?",
                issuer,
                name,
                issuer));
  }

  /** Notes which CAs a node says it trusts, by their fingerprints. */
  public void trusts(String name, List<String> authorities) {
    String[] all = authorities.toArray(String[]::new);
    database.inTransaction(
        handle ->
            handle.execute(
                "UPDATE node SET trusts = ? WHERE name = ? AND trusts IS DISTINCT FROM ?::text[]",
                all,
                name,
                all));
  }

  private Change<Node> change(Function<Handle, Change<Node>> work) {
    Change<Node> change = database.inTransaction(work);
    numbers.wake();
    return change;
  }

  /** Notes that the node came to its region just now. */
  private static Change<Node> placed(Handle handle, String name) {
    long revision = LogNumbers.nextRevision(handle, "node", name);
    handle.execute("UPDATE node SET placed_at = ? WHERE name = ?", revision, name);
    return new Change.Committed<>(find(handle, name).orElseThrow(), revision);
  }

  /** A revision where the other nodes see the change, none where they do not. */
  private static Change<Node> seen(Handle handle, Node before) {
    Node now = find(handle, before.name()).orElseThrow();
    boolean changed = !now.peer().equals(before.peer());
    return new Change.Committed<>(
        now, changed ? LogNumbers.nextRevision(handle, "node", now.name()) : 0);
  }

  /** The node, which nobody else changes before this transaction ends. */
  private static Optional<Node> find(Handle handle, String name) {
    return handle
        .createQuery(SELECT + " WHERE name = ? FOR UPDATE")
        .bind(0, name)
        .map((row, context) -> read(row))
        .findOne();
  }

  private static List<Problem> problems(Node node) {
    List<Problem> problems = new ArrayList<>();
    if (!SiteValidator.isLabel(node.name())) {
      problems.add(new Problem("name", "must be 1 to 63 of a-z, 0-9 and inner hyphens"));
    }
    if (!SiteValidator.isLabel(node.region())) {
      problems.add(new Problem("region", "must be 1 to 63 of a-z, 0-9 and inner hyphens"));
    }
    if (!(Math.abs(node.latitude()) <= 90)) {
      problems.add(new Problem("latitude", "must be -90 to 90"));
    }
    if (!(Math.abs(node.longitude()) <= 180)) {
      problems.add(new Problem("longitude", "must be -180 to 180"));
    }
    if (node.addresses().isEmpty() || node.addresses().size() > Limits.NODE_ADDRESSES) {
      problems.add(new Problem("addresses", "must be 1 to " + Limits.NODE_ADDRESSES));
    }
    if (node.httpPort() < 1 || node.httpPort() > 65535) {
      problems.add(new Problem("httpPort", "must be 1 to 65535"));
    }
    if (node.httpsPort() < 1 || node.httpsPort() > 65535) {
      problems.add(new Problem("httpsPort", "must be 1 to 65535"));
    }
    if (node.peerPort() < 0 || node.peerPort() > 65535) {
      problems.add(new Problem("peerPort", "must be 0 to 65535"));
    } else if (node.shield() && node.peerPort() == 0) {
      problems.add(UNREACHABLE_SHIELD);
    }
    if (!node.country().matches("([A-Z]{2})?")) {
      problems.add(
          new Problem("country", "must be two capital letters (ISO 3166-1 alpha-2), such as DE"));
    }
    return problems;
  }

  private static String[] addresses(Node node) {
    return node.addresses().stream().map(InetAddress::getHostAddress).toArray(String[]::new);
  }

  private static Node read(ResultSet row) throws SQLException {
    List<InetAddress> addresses = new ArrayList<>();
    for (String text : (String[]) row.getArray(5).getArray()) {
      try {
        addresses.add(InetAddress.getByName(text));
      } catch (UnknownHostException e) {
        throw new IllegalStateException("not an address in the database: " + text, e);
      }
    }
    return new Node(
        row.getString(1),
        row.getString(2),
        row.getDouble(3),
        row.getDouble(4),
        addresses,
        row.getInt(6),
        row.getInt(7),
        row.getBoolean(8),
        row.getString(9) != null,
        row.getBoolean(10),
        row.getInt(11),
        row.getString(12));
  }
}
