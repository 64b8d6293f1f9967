package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.SiteConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;

/**
 * Brings the secrets in the database to the key that seals now, at the start of a control plane:
 * those that lay open are sealed, those of a key before are sealed anew.
 *
 * <p>What an earlier build did not seal is sealed only with a key that every control plane has that
 * lives: one that is still to be updated works on until it is.
 */
public final class Sealing {
  private static final int ROWS_AT_ONCE = 200;

  private final Database database;
  private final KeyRing keys;
  private final ReplicaStore replicas;

  /** What says in a column beside a private key what it is sealed with. */
  private enum Table {
    CERTIFICATE("certificate", "id", "private_key"),
    TICKET_KEY("ticket_key", "encode(name, 'hex')", "secret"),
    ACME_ACCOUNT("acme_account", "directory", "private_key"),
    OWN_CERTIFICATE("own_certificate", "name", "private_key");

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
        case ACME_ACCOUNT -> AcmeAccounts.row(id);
        case OWN_CERTIFICATE -> OwnCertificates.row(id);
      };
    }
  }

  /** A private key as it lies there. */
  private record Row(String id, KeyRing.Kept kept) {}

  /** A site as it was or is to be, and by what its row is found. */
  private record Revision(SiteConfig site, String key) {}

  /** A secret that says itself what it is sealed with. */
  private record Enclosed(String id, Bytes content) {
    byte[] kept() {
      return content.toArray();
    }
  }

  /** With which key all was sealed; what failed half-way is tried again. */
  private Optional<String> done = Optional.empty();

  public Sealing(Database database, KeyRing keys) {
    this.database = database;
    this.keys = keys;
    this.replicas = new ReplicaStore(database);
  }

  /**
   * Seals what is due; how many that were.
   *
   * @throws StoreException where a key that is needed is not here, or is another one than it was
   */
  public int run() {
    keys.shared(replicas.keys());
    for (Table table : Table.values()) {
      database
          .read(handle -> rows(handle, table, "IS NOT DISTINCT FROM", 1))
          .forEach(row -> keys.open(table.row(row.id()), row.kept()));
    }
    return all();
  }

  /** The same for what could not be sealed before, where it can be now. */
  public int look() {
    keys.shared(replicas.keys());
    return keys.shared().isPresent() && !keys.shared().equals(done) ? all() : 0;
  }

  private int all() {
    int sealed = 0;
    for (Table table : Table.values()) {
      sealed += untilNone(handle -> some(handle, table));
    }
    sealed += database.inTransaction(this::settings);
    sealed += database.inTransaction(this::zoneKeys);
    sealed += sites();
    for (String table : List.of("site_revision", "rollout")) {
      database.read(handle -> strange(handle, table)).forEach(this::whole);
      if (keys.shared().isPresent()) {
        sealed += untilNone(handle -> revisions(handle, table));
      }
    }
    done = keys.shared();
    return sealed;
  }

  /** Steps of one transaction each, until there is nothing left to be done. */
  private int untilNone(Function<Handle, Integer> step) {
    int all = 0;
    for (int some = database.inTransaction(step); some > 0; some = database.inTransaction(step)) {
      all += some;
    }
    return all;
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
        .bind(0, keys.sealing().orElse(null))
        .map(
            (row, context) ->
                new Row(row.getString(1), KeyRing.Kept.of(row.getString(2), row.getBytes(3))))
        .list();
  }

  private int settings(Handle handle) {
    return update(
        handle,
        all(handle, "SELECT name, value FROM setting ORDER BY name FOR UPDATE"),
        SettingStore::row,
        "UPDATE setting SET value = ? WHERE name = ?");
  }

  private int zoneKeys(Handle handle) {
    return update(
        handle,
        all(handle, "SELECT tag::text, private_key FROM dns_key ORDER BY tag FOR UPDATE"),
        tag -> DnsKeyStore.row(Integer.parseInt(tag)),
        "UPDATE dns_key SET private_key = ? WHERE tag::text = ?");
  }

  private int update(
      Handle handle, List<Enclosed> rows, UnaryOperator<String> as, String statement) {
    int count = 0;
    for (Enclosed row : rows) {
      Optional<byte[]> anew = keys.enclosedAnew(as.apply(row.id()), row.kept());
      if (anew.isPresent()) {
        count += handle.execute(statement, anew.get(), row.id());
      }
    }
    return count;
  }

  private static List<Enclosed> all(Handle handle, String query, Object... arguments) {
    return handle
        .select(query, arguments)
        .map((row, context) -> new Enclosed(row.getString(1), Bytes.copyOf(row.getBytes(2))))
        .list();
  }

  /** Which of them are due is looked at without a lock: most sites hold no secret. */
  private int sites() {
    int count = 0;
    for (Column column : Column.values()) {
      String after = "";
      List<Enclosed> page;
      do {
        String from = after;
        page =
            database.read(
                handle ->
                    all(
                        handle,
                        "SELECT id, %s FROM site WHERE id > ? ORDER BY id LIMIT %d"
                            .formatted(column.column(), ROWS_AT_ONCE),
                        from));
        List<String> due = new ArrayList<>();
        for (Enclosed row : page) {
          after = row.id();
          if (isDue(column, row)) {
            due.add(row.id());
          }
        }
        count += due.isEmpty() ? 0 : database.inTransaction(handle -> sites(handle, column, due));
      } while (page.size() == ROWS_AT_ONCE);
    }
    return count;
  }

  private int sites(Handle handle, Column column, List<String> due) {
    String[] ids = due.toArray(String[]::new);
    List<Enclosed> rows =
        all(
                handle,
                "SELECT id, %s FROM site WHERE id = ANY (?) ORDER BY id FOR UPDATE"
                    .formatted(column.column()),
                (Object) ids)
            .stream()
            .filter(row -> isDue(column, row))
            .toList();
    String statement = "UPDATE site SET %s = ? WHERE id = ?".formatted(column.column());
    return update(handle, rows, column::row, statement);
  }

  private boolean isDue(Column column, Enclosed row) {
    return keys.enclosedAnew(column.row(row.id()), row.kept()).isPresent()
        && column.isSecret(of(), row);
  }

  private SealedColumns of() {
    SealedColumns columns = new SealedColumns();
    columns.sealWith(keys);
    return columns;
  }

  /** The columns of a site that may hold secrets. */
  private enum Column {
    ORIGIN_POOLS,
    HIDING;

    private boolean isSecret(SealedColumns columns, Enclosed row) {
      return switch (this) {
        case ORIGIN_POOLS -> SealedColumns.isSecret(columns.pools(row.id(), row.kept()));
        case HIDING -> SealedColumns.isSecret(columns.hiding(row.id(), row.kept()));
      };
    }

    private String column() {
      return name().toLowerCase(Locale.ROOT);
    }

    private String row(String site) {
      return switch (this) {
        case ORIGIN_POOLS -> SealedColumns.poolsOf(site);
        case HIDING -> SealedColumns.hidingOf(site);
      };
    }
  }

  /** One row of each key that is named there, to see whether it opens. */
  private static List<Enclosed> strange(Handle handle, String table) {
    return all(
        handle,
        "SELECT DISTINCT ON (sealed_by) site, %s FROM %s WHERE sealed_by NOT IN ('', '?')"
            .formatted(content(table), table));
  }

  private SiteConfig whole(Enclosed row) {
    return of().whole(row.id(), row.kept());
  }

  private static String content(String table) {
    return table.equals("rollout") ? "candidate" : "config";
  }

  private int revisions(Handle handle, String table) {
    SealedColumns columns = of();
    String key = table.equals("rollout") ? "id" : "revision";
    return handle
        .createQuery(
            "SELECT site, %s, %s::text FROM %s WHERE sealed_by <> '' AND sealed_by <> ? LIMIT %d"
                    .formatted(content(table), key, table, ROWS_AT_ONCE)
                + " FOR UPDATE")
        .bind(0, keys.shared().orElseThrow())
        .map(
            (row, context) ->
                new Revision(columns.whole(row.getString(1), row.getBytes(2)), row.getString(3)))
        .list()
        .stream()
        .mapToInt(
            found ->
                handle.execute(
                    "UPDATE %s SET %s = ?, sealed_by = ? WHERE site = ? AND %s::text = ?"
                        .formatted(table, content(table), key),
                    columns.whole(found.site()),
                    columns.mark(found.site()),
                    found.site().id(),
                    found.key()))
        .sum();
  }
}
