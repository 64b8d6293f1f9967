package dev.perigee.control.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What tables a database has, as it says itself; without the one in which migrations are noted. */
final class Schema {
  private static final String MIGRATIONS = "flyway_schema_history";

  private Schema() {}

  /** A table with its columns in their order. */
  record Table(String name, List<String> columns) {
    Table {
      columns = List.copyOf(columns);
    }

    /** The begin of a statement that copies all of it. */
    String copy() {
      List<String> quoted = columns.stream().map(Schema::quoted).toList();
      return "COPY " + quoted(name) + " (" + String.join(", ", quoted) + ")";
    }
  }

  /** A sequence that gave a number. */
  record Sequence(String name, long last) {}

  static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** All tables, each behind those that it refers to. */
  static List<Table> tables(Statement statement) throws SQLException {
    Map<String, List<String>> columns = new LinkedHashMap<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
                + " JOIN information_schema.tables t USING (table_schema, table_name)"
                + " WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
                + " AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.ordinal_position")) {
      while (row.next()) {
        if (!row.getString(1).equals(MIGRATIONS)) {
          columns.computeIfAbsent(row.getString(1), n -> new ArrayList<>()).add(row.getString(2));
        }
      }
    }
    Map<String, Set<String>> needs = references(statement);
    List<Table> ordered = new ArrayList<>();
    Set<String> placed = new HashSet<>();
    for (String name : columns.keySet()) {
      place(name, columns, needs, placed, ordered);
    }
    return ordered;
  }

  private static void place(
      String name,
      Map<String, List<String>> columns,
      Map<String, Set<String>> needs,
      Set<String> placed,
      List<Table> ordered) {
    if (placed.add(name)) {
      needs
          .getOrDefault(name, Set.of())
          .forEach(needed -> place(needed, columns, needs, placed, ordered));
      ordered.add(new Table(name, columns.getOrDefault(name, List.of())));
    }
  }

  private static Map<String, Set<String>> references(Statement statement) throws SQLException {
    Map<String, Set<String>> needs = new HashMap<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT f.relname, t.relname FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid"
                + " JOIN pg_class t ON t.oid = c.confrelid WHERE c.contype = 'f'"
                + " AND c.connamespace = current_schema()::regnamespace AND f.oid <> t.oid")) {
      while (row.next()) {
        needs.computeIfAbsent(row.getString(1), n -> new HashSet<>()).add(row.getString(2));
      }
    }
    return needs;
  }

  static List<Sequence> sequences(Statement statement) throws SQLException {
    List<Sequence> sequences = new ArrayList<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT sequencename, last_value FROM pg_sequences"
                + " WHERE schemaname = current_schema() AND last_value IS NOT NULL")) {
      while (row.next()) {
        sequences.add(new Sequence(row.getString(1), row.getLong(2)));
      }
    }
    return sequences;
  }

  /** A table that holds what somebody made; empty where there is none. */
  static Optional<String> content(Statement statement) throws SQLException {
    for (Table table : tables(statement)) {
      // The log's numbers and the first organisation are there from their migrations on.
      String made =
          switch (table.name()) {
            case "log_head" -> " WHERE revision > 0 OR purge > 0";
            case "organisation" -> " WHERE id <> 'first'";
            default -> "";
          };
      try (ResultSet row =
          statement.executeQuery(
              "SELECT EXISTS (SELECT 1 FROM " + quoted(table.name()) + made + ")")) {
        row.next();
        if (row.getBoolean(1)) {
          return Optional.of(table.name());
        }
      }
    }
    return Optional.empty();
  }
}
