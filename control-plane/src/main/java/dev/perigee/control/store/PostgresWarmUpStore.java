package dev.perigee.control.store;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.WarmUrl;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Warm-ups in PostgreSQL, so that any control plane on it takes one, shows it, and brings it to the
 * nodes that are connected to it. The database's clock decides when an hour is over.
 */
public final class PostgresWarmUpStore implements WarmUpStore {
  private static final int FAILURES_KEPT = 20;

  /** Of an advisory lock: the URLs of all warm-ups are counted by one at a time. */
  private static final long COUNTING = 0x7065_7269_0001L;

  private static final String KEPT = "issued_at > now() - interval '1 hour'";

  private final Database database;
  private final LogNumbers numbers;

  public PostgresWarmUpStore(Database database, LogNumbers numbers) {
    this.database = database;
    this.numbers = numbers;
  }

  @Override
  public Optional<Progress> begin(Order order) {
    Optional<Progress> begun = database.inTransaction(handle -> begin(handle, order));
    numbers.wake();
    return begun;
  }

  private static Optional<Progress> begin(Handle handle, Order order) {
    handle.execute("SELECT pg_advisory_xact_lock(?)", COUNTING);
    handle.execute("DELETE FROM warm_up WHERE NOT (" + KEPT + ")");
    // Those of the first organisation, the operators', apart from those of all others.
    long held =
        handle
            .createQuery(
                "SELECT coalesce(sum(cardinality(w.urls)), 0) FROM warm_up w"
                    + " LEFT JOIN site o ON o.id = w.site"
                    + " WHERE (coalesce(o.organisation, ?) = ?) = (coalesce("
                    + "(SELECT s.organisation FROM site s WHERE s.id = ?), ?) = ?)")
            .bind(0, Organisation.FIRST)
            .bind(1, Organisation.FIRST)
            .bind(2, order.site())
            .bind(3, Organisation.FIRST)
            .bind(4, Organisation.FIRST)
            .mapTo(Long.class)
            .one();
    long own =
        handle
            .createQuery(
                "SELECT coalesce(sum(cardinality(w.urls)), 0) FROM warm_up w"
                    + " JOIN site o ON o.id = w.site JOIN site s ON s.organisation = o.organisation"
                    + " WHERE s.id = ? AND s.organisation <> ?")
            .bind(0, order.site())
            .bind(1, Organisation.FIRST)
            .mapTo(Long.class)
            .one();
    int more = order.urls().size();
    if (held + more > MAX_URLS || own + more > MAX_URLS_OF_ONE) {
      return Optional.empty();
    }
    UUID id =
        handle
            .createQuery(
                "INSERT INTO warm_up (site, urls, fields, pace, absent) VALUES (?, ?, ?, ?, ?)"
                    + " RETURNING id")
            .bind(0, order.site())
            .bind(1, order.urls().stream().map(PostgresWarmUpStore::text).toArray(String[]::new))
            .bind(2, flat(order.fields()))
            .bind(3, order.perSecond())
            .bind(4, order.absent().toArray(String[]::new))
            .mapTo(UUID.class)
            .one();
    handle.execute(
        "INSERT INTO warm_up_node (warm_up, node) SELECT ?, unnest(?)",
        id,
        order.nodes().toArray(String[]::new));
    return find(handle, Purview.ALL, id);
  }

  @Override
  public Optional<Progress> progress(Purview purview, String id) {
    return uuid(id).flatMap(known -> database.read(handle -> find(handle, purview, known)));
  }

  private static Optional<Progress> find(Handle handle, Purview purview, UUID id) {
    String within =
        " AND EXISTS (SELECT 1 FROM site s WHERE s.id = warm_up.site" + Purview.OF_SITES + ")";
    var query =
        handle
            .createQuery(
                "SELECT site, cardinality(urls), issued_at, absent, failures FROM warm_up"
                    + " WHERE id = ? AND "
                    + KEPT
                    + (purview.isAll() ? "" : within))
            .bind(0, id);
    if (!purview.isAll()) {
      query.bind(1, purview.organisations()).bind(2, purview.siteIds());
    }
    return query.map((row, context) -> progress(id, row, nodes(handle, id))).findOne();
  }

  private static Progress progress(UUID id, ResultSet row, Map<String, NodeProgress> nodes)
      throws SQLException {
    Instant issuedAt = row.getTimestamp(3).toInstant();
    List<String> absent = List.of((String[]) row.getArray(4).getArray());
    List<String> failures = List.of((String[]) row.getArray(5).getArray());
    return new Progress(
        id.toString(), row.getString(1), row.getInt(2), issuedAt, nodes, absent, failures);
  }

  private static Map<String, NodeProgress> nodes(Handle handle, UUID id) {
    Map<String, NodeProgress> nodes = new LinkedHashMap<>();
    handle
        .createQuery(
            "SELECT node, hits, stored, passed, failed FROM warm_up_node WHERE warm_up = ?")
        .bind(0, id)
        .map(
            (row, context) ->
                Map.entry(
                    row.getString(1),
                    new NodeProgress(row.getInt(2), row.getInt(3), row.getInt(4), row.getInt(5))))
        .forEach(node -> nodes.put(node.getKey(), node.getValue()));
    return nodes;
  }

  @Override
  public List<String> kept() {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT id FROM warm_up WHERE " + KEPT + " ORDER BY issued_at, id")
                .mapTo(String.class)
                .list());
  }

  @Override
  public Optional<Job> job(String id) {
    return uuid(id)
        .flatMap(
            known ->
                database.read(
                    handle ->
                        handle
                            .createQuery(
                                "SELECT id, site, urls, fields, pace FROM warm_up"
                                    + " WHERE id = ? AND "
                                    + KEPT)
                            .bind(0, known)
                            .map((row, context) -> job(row))
                            .findOne()));
  }

  private static Job job(ResultSet row) throws SQLException {
    List<WarmUrl> urls = new ArrayList<>();
    for (String text : (String[]) row.getArray(3).getArray()) {
      String[] parts = text.split(" ", 3);
      urls.add(new WarmUrl(parts[0], parts[1], parts[2]));
    }
    String[] flat = (String[]) row.getArray(4).getArray();
    Map<String, String> fields = new LinkedHashMap<>();
    for (int i = 0; i < flat.length; i += 2) {
      fields.put(flat[i], flat[i + 1]);
    }
    return new Job(row.getString(1), row.getString(2), urls, fields, row.getInt(5));
  }

  @Override
  public Optional<Integer> through(String id, String node) {
    return uuid(id)
        .flatMap(
            known ->
                database.read(
                    handle ->
                        handle
                            .createQuery(
                                "SELECT through FROM warm_up_node WHERE warm_up = ? AND node = ?")
                            .bind(0, known)
                            .bind(1, node)
                            .mapTo(Integer.class)
                            .findOne()));
  }

  @Override
  public boolean note(String node, int from, FromEdge.Warmed warmed) {
    Optional<UUID> id = uuid(warmed.job());
    return id.isPresent()
        && database.inTransaction(handle -> note(handle, id.get(), node, from, warmed));
  }

  private static boolean note(
      Handle handle, UUID id, String node, int from, FromEdge.Warmed warmed) {
    int rows =
        handle.execute(
            "UPDATE warm_up_node SET through = ?, hits = hits + ?, stored = stored + ?,"
                + " passed = passed + ?, failed = failed + ?"
                + " WHERE warm_up = ? AND node = ? AND through = ?",
            warmed.through(),
            warmed.hits(),
            warmed.stored(),
            warmed.passed(),
            warmed.failed(),
            id,
            node,
            from);
    if (rows == 1 && !warmed.failures().isEmpty()) {
      String[] failures =
          warmed.failures().stream().map(why -> node + ": " + why).toArray(String[]::new);
      handle.execute(
          "UPDATE warm_up SET failures = ARRAY(SELECT unnest(failures || ?) LIMIT ?) WHERE id = ?",
          failures,
          FAILURES_KEPT,
          id);
    }
    return rows == 1;
  }

  /** Scheme, host and target, none of which holds a space. */
  private static String text(WarmUrl url) {
    return url.scheme() + " " + url.host() + " " + url.target();
  }

  private static String[] flat(Map<String, String> fields) {
    return fields.entrySet().stream()
        .flatMap(field -> Arrays.asList(field.getKey(), field.getValue()).stream())
        .toArray(String[]::new);
  }

  private static Optional<UUID> uuid(String id) {
    try {
      return Optional.of(UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
