package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Brings the private keys in the database to the key that seals now, at the start of a control
 * plane: those that lay open are sealed, those of a key before are sealed anew.
 */
public final class Sealing {
  private static final int ROWS_AT_ONCE = 200;

  private final Database database;
  private final KeyRing keys;

  /** What has private keys. */
  private enum Table {
    CERTIFICATE("certificate", "id", "private_key"),
    TICKET_KEY("ticket_key", "encode(name, 'hex')", "secret");

    private final String table;
    private final String name;
    private final String secret;

    Table(String table, String name, String secret) {
      this.table = table;
      this.name = name;
      this.secret = secret;
    }

    /** What a secret of it is sealed as. */
    private String row(String id) {
      return switch (this) {
        case CERTIFICATE -> PostgresCertificateStore.row(id);
        case TICKET_KEY -> "ticket key " + id;
      };
    }
  }

  /** A private key as it lies there. */
  private record Row(String id, KeyRing.Kept kept) {}

  public Sealing(Database database, KeyRing keys) {
    this.database = database;
    this.keys = keys;
  }

  /**
   * Seals what is due; how many that were.
   *
   * @throws StoreException where a key that is needed is not here, or is another one than it was
   */
  public int run() {
    int sealed = 0;
    for (Table table : Table.values()) {
      database
          .read(handle -> rows(handle, table, "IS NOT DISTINCT FROM", 1))
          .forEach(row -> keys.open(table.row(row.id()), row.kept()));
      int some;
      do {
        some = database.inTransaction(handle -> some(handle, table));
        sealed += some;
      } while (some > 0);
    }
    return sealed;
  }

  private int some(Handle handle, Table table) {
    List<Row> due = rows(handle, table, "IS DISTINCT FROM", ROWS_AT_ONCE);
    for (Row row : due) {
      String as = table.row(row.id());
      Bytes secret = keys.open(as, row.kept());
      KeyRing.Kept kept = keys.seal(as, secret);
      handle.execute(
          "UPDATE %s SET %s = ?, sealed_by = ? WHERE %s = ?"
              .formatted(table.table, table.secret, table.name),
          kept.content().toArray(),
          kept.by().orElse(null),
          row.id());
    }
    return due.size();
  }

  /** Some whose key is, or is not, the one that seals now; others that seal wait for these. */
  private List<Row> rows(Handle handle, Table table, String is, int most) {
    return handle
        .createQuery(
            "SELECT %s, sealed_by, %s FROM %s WHERE sealed_by %s ? ORDER BY 1 LIMIT %d FOR UPDATE"
                .formatted(table.name, table.secret, table.table, is, most))
        .bind(0, keys.current().orElse(null))
        .map(
            (row, context) ->
                new Row(row.getString(1), KeyRing.Kept.of(row.getString(2), row.getBytes(3))))
        .list();
  }
}
