package dev.perigee.control.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a schema takes from whoever writes to it.
 *
 * @param columns by table and name
 * @param rules constraints, unique indexes and triggers: their tables by what they are
 */
record SchemaShape(Map<String, Column> columns, Map<String, Rule> rules) {
  /** Rows of this table are marked as removed and never deleted. */
  private static final String NEVER_DELETED = "site";

  /** A column that has one of some values, as PostgreSQL writes it. */
  private static final Pattern ONE_OF =
      Pattern.compile("(\\S+ CHECK \\(\\(\\S+ = ANY \\(ARRAY\\[)([^]]+)]\\)\\)\\)");

  /** A column. */
  record Column(String table, String type, boolean mayBeNull, boolean hasDefault) {}

  /**
   * Something that may refuse a row.
   *
   * @param target what a foreign key refers to, where it hinders that rows are deleted there
   */
  record Rule(String table, String target) {}

  /** The shape of a schema now. */
  static SchemaShape of(Statement statement, String schema) throws SQLException {
    Map<String, Column> columns = new TreeMap<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT table_name, column_name, data_type, is_nullable, column_default IS NOT NULL"
                + " FROM information_schema.columns WHERE table_name <> 'flyway_schema_history'"
                + " AND table_schema = '%s'".formatted(schema))) {
      while (row.next()) {
        boolean mayBeNull = row.getString(4).equals("YES");
        columns.put(
            row.getString(1) + "." + row.getString(2),
            new Column(row.getString(1), row.getString(3), mayBeNull, row.getBoolean(5)));
      }
    }
    Map<String, Rule> rules = new HashMap<>();
    try (ResultSet row =
        statement.executeQuery(
            """
            SELECT c.relname, c.relname || ' ' || pg_get_constraintdef(k.oid),
                   CASE WHEN k.contype = 'f' AND k.confdeltype IN ('a', 'r') THEN t.relname END
              FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
              LEFT JOIN pg_class t ON t.oid = k.confrelid
             WHERE k.contype <> 'n' AND k.connamespace = '%1$s'::regnamespace
            UNION ALL SELECT tablename, indexdef, NULL FROM pg_indexes
             WHERE schemaname = '%1$s' AND indexdef LIKE 'CREATE UNIQUE%%'
            UNION ALL SELECT c.relname, pg_get_triggerdef(g.oid), NULL
              FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
             WHERE NOT g.tgisinternal AND c.relnamespace = '%1$s'::regnamespace\
            """
                .formatted(schema))) {
      while (row.next()) {
        String target = row.getString(3) == null ? "" : row.getString(3);
        rules.put(row.getString(2), new Rule(row.getString(1), target));
      }
    }
    return new SchemaShape(columns, rules);
  }

  private boolean hasTable(String name) {
    return columns.values().stream().anyMatch(column -> column.table().equals(name));
  }

  /** Whether a rule takes every value that one of these takes, of the same column, and more. */
  private boolean isWidened(String rule) {
    Matcher wide = ONE_OF.matcher(rule);
    return wide.matches()
        && rules.keySet().stream()
            .map(ONE_OF::matcher)
            .filter(narrow -> narrow.matches() && narrow.group(1).equals(wide.group(1)))
            .anyMatch(narrow -> values(wide).containsAll(values(narrow)));
  }

  private static Set<String> values(Matcher oneOf) {
    return Set.of(oneOf.group(2).split(", "));
  }

  /** Why a build that was made for this one does not work with the other; empty where it does. */
  List<String> brokenBy(SchemaShape after) {
    List<String> problems = new ArrayList<>();
    columns.forEach(
        (name, column) -> {
          Column now = after.columns().get(name);
          if (now == null) {
            problems.add(name + " is gone");
          } else if (!now.type().equals(column.type())) {
            problems.add(name + " is of another type");
          } else if (column.mayBeNull() && !now.mayBeNull()) {
            problems.add(name + " must not be null any more");
          } else if (column.hasDefault() && !now.hasDefault()) {
            problems.add(name + " has no default any more");
          }
        });
    after
        .columns()
        .forEach(
            (name, column) -> {
              boolean wanted = !column.mayBeNull() && !column.hasDefault();
              if (wanted && hasTable(column.table()) && !columns.containsKey(name)) {
                problems.add(name + " is new and has no default");
              }
            });
    after
        .rules()
        .forEach(
            (what, rule) -> {
              if (!rules.containsKey(what) && !isWidened(what) && hasTable(rule.table())) {
                problems.add("new rows may be refused by " + what);
              }
              boolean hinders = hasTable(rule.target()) && !rule.target().equals(NEVER_DELETED);
              if (!rules.containsKey(what) && hinders) {
                problems.add("rows may not be deleted because of " + what);
              }
            });
    return problems;
  }
}
