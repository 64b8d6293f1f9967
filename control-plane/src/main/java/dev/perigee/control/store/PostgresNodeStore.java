package dev.perigee.control.store;

import dev.perigee.contract.Limits;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteValidator;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** Nodes in PostgreSQL. They are in no change log: edges do not know of each other. */
public final class PostgresNodeStore implements NodeStore {
  private static final String SELECT =
      "SELECT name, region, latitude, longitude, addresses, http_port, https_port, draining, serial"
          + " FROM node";

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
                      + " https_port) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                  node.name(),
                  node.region(),
                  node.latitude(),
                  node.longitude(),
                  addresses(node),
                  node.httpPort(),
                  node.httpsPort());
          return rows == 1
              ? committed(handle, node.name())
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
          int rows =
              handle.execute(
                  "UPDATE node SET region = ?, latitude = ?, longitude = ?, addresses = ?,"
                      + " http_port = ?, https_port = ? WHERE name = ?",
                  node.region(),
                  node.latitude(),
                  node.longitude(),
                  addresses(node),
                  node.httpPort(),
                  node.httpsPort(),
                  node.name());
          return rows == 1 ? committed(handle, node.name()) : new Change.Unknown<>();
        });
  }

  @Override
  public Change<Node> setDraining(String name, boolean draining) {
    return change(
        handle ->
            handle.execute("UPDATE node SET draining = ? WHERE name = ?", draining, name) == 1
                ? committed(handle, name)
                : new Change.Unknown<>());
  }

  @Override
  public Change<Node> remove(String name) {
    return change(
        handle -> {
          Optional<Node> node = find(handle, name);
          if (node.isEmpty()) {
            return new Change.Unknown<>();
          }
          handle.execute("DELETE FROM node WHERE name = ?", name);
          return new Change.Committed<>(node.get(), 0);
        });
  }

  @Override
  public Optional<Node> byName(String name) {
    return database.read(handle -> find(handle, name));
  }

  @Override
  public List<Node> all() {
    return database.read(
        handle -> handle.createQuery(SELECT + " ORDER BY name").map((r, c) -> read(r)).list());
  }

  /** Serial number of the certificate that the node may use; empty when it has none. */
  public Optional<String> serial(String name) {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT serial FROM node WHERE name = ? AND serial IS NOT NULL")
                .bind(0, name)
                .mapTo(String.class)
                .findOne());
  }

  private Change<Node> change(Function<Handle, Change<Node>> work) {
    Change<Node> change = database.inTransaction(work);
    numbers.wake();
    return change;
  }

  private static Change<Node> committed(Handle handle, String name) {
    return new Change.Committed<>(find(handle, name).orElseThrow(), 0);
  }

  private static Optional<Node> find(Handle handle, String name) {
    return handle
        .createQuery(SELECT + " WHERE name = ?")
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
        row.getString(9) != null);
  }
}
