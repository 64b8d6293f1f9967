package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CachePolicyCodec;
import dev.perigee.contract.Problem;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** Purges in PostgreSQL, each in the form in which edges journal it. */
public final class PostgresPurgeStore implements PurgeStore {
  private static final int MAX_KEY = 255;
  private static final int EXPIRED_AT_ONCE = 1_000;
  private static final String SELECT = "SELECT id, message, issued_at FROM purge";

  private final Database database;
  private final LogNumbers numbers;
  private final PurgeLimits limits;

  public PostgresPurgeStore(Database database, LogNumbers numbers, PurgeLimits limits) {
    this.database = database;
    this.numbers = numbers;
    this.limits = limits;
  }

  @Override
  public Change<IssuedPurge> issue(
      Optional<String> site, PurgeScope scope, boolean soft, Optional<String> idempotencyKey) {
    if (site.isEmpty() && !(scope instanceof PurgeScope.Everything)) {
      return new Change.Invalid<>(List.of(new Problem("site", "is missing")));
    }
    if (idempotencyKey.filter(key -> key.isEmpty() || key.length() > MAX_KEY).isPresent()) {
      Problem problem = new Problem("Idempotency-Key", "must be 1 to " + MAX_KEY + " characters");
      return new Change.Invalid<>(List.of(problem));
    }
    Change<IssuedPurge> change =
        database.inTransaction(handle -> issue(handle, site, scope, soft, idempotencyKey));
    numbers.wake();
    return change;
  }

  private Change<IssuedPurge> issue(
      Handle handle,
      Optional<String> site,
      PurgeScope scope,
      boolean soft,
      Optional<String> idempotencyKey) {
    // The number's lock first: two requests with one key come one after the other.
    long number = LogNumbers.nextPurge(handle);
    if (idempotencyKey.isPresent()) {
      forgetKeys(handle);
    }
    Optional<IssuedPurge> earlier =
        idempotencyKey.flatMap(key -> find(handle, "idempotency_key = ?", key));
    if (earlier.isPresent()) {
      handle.rollback();
      return again(earlier.get(), new Purge(earlier.get().purge().number(), site, scope, soft));
    }
    if (site.isPresent() && !exists(handle, site.get())) {
      handle.rollback();
      return new Change.Unknown<>();
    }
    if (take(handle, site.orElse("")) instanceof PurgeLimits.Taken.Refused(Duration retryAfter)) {
      handle.rollback();
      return new Change.Limited<>(retryAfter);
    }
    for (PurgeScope keyed : site.map(id -> asKeyed(handle, id, scope)).orElse(List.of())) {
      insert(handle, new Purge(number, site, keyed, soft), Optional.empty());
      number = LogNumbers.nextPurge(handle);
    }
    insert(handle, new Purge(number, site, scope, soft), idempotencyKey);
    IssuedPurge issued =
        handle
            .createQuery(SELECT + " WHERE number = ?")
            .bind(0, number)
            .map((row, context) -> read(row))
            .one();
    return new Change.Committed<>(issued, number);
  }

  /** Keys that have expired stand for nothing any more: the oldest first, some at a time. */
  private void forgetKeys(Handle handle) {
    handle.execute(
        "UPDATE purge SET idempotency_key = NULL WHERE number IN (SELECT number FROM purge"
            + " WHERE idempotency_key IS NOT NULL"
            + " AND issued_at < now() - make_interval(secs => ?) ORDER BY issued_at LIMIT ?)",
        (double) limits.keyLife().toSeconds(),
        EXPIRED_AT_ONCE);
  }

  /** Takes one purge from what the owner may issue; under the lock of the number. */
  private PurgeLimits.Taken take(Handle handle, String owner) {
    PurgeLimits.Taken taken =
        handle
            .createQuery(
                "SELECT tokens, extract(epoch FROM clock_timestamp() - at) * 1000"
                    + " FROM purge_budget WHERE owner = ?")
            .bind(0, owner)
            .map((row, context) -> limits.take(row.getDouble(1), Duration.ofMillis(row.getLong(2))))
            .findOne()
            .orElseGet(() -> limits.take(limits.full(), Duration.ZERO));
    if (taken instanceof PurgeLimits.Taken.Granted(double left)) {
      handle.execute(
          "INSERT INTO purge_budget (owner, tokens, at) VALUES (?, ?, clock_timestamp())"
              + " ON CONFLICT (owner) DO UPDATE SET tokens = excluded.tokens, at = excluded.at",
          owner,
          left);
    }
    return taken;
  }

  private static void insert(Handle handle, Purge purge, Optional<String> idempotencyKey) {
    handle.execute(
        "INSERT INTO purge (number, site, message, idempotency_key) VALUES (?, ?, ?, ?)",
        purge.number(),
        purge.site().orElse(null),
        SyncCodec.toBytes(purge),
        idempotencyKey.orElse(null));
  }

  /**
   * The URL as the site's rule for queries keys it, where that is another: what was stored before
   * the rule lies under the one, what was stored since under the other. Canaries of a rollout may
   * have a rule of their own.
   */
  private static List<PurgeScope> asKeyed(Handle handle, String site, PurgeScope scope) {
    if (!(scope instanceof PurgeScope.Url(String host, String target))) {
      return List.of();
    }
    Stream<String> now =
        handle
            .createQuery("SELECT cache_policy FROM site WHERE id = ?")
            .bind(0, site)
            .map((row, context) -> CachePolicyCodec.of(row.getBytes(1)).key().target(target))
            .stream();
    Stream<String> staged =
        handle
            .createQuery("SELECT candidate FROM rollout WHERE site = ? AND state = 'canary'")
            .bind(0, site)
            .map((row, context) -> SyncCodec.siteOf(row.getBytes(1)).cache().key().target(target))
            .stream();
    return Stream.concat(now, staged)
        .distinct()
        .filter(keyed -> !keyed.equals(target))
        .<PurgeScope>map(keyed -> new PurgeScope.Url(host, keyed))
        .toList();
  }

  /** The first purge of the key again, unless another one was meant. */
  private static Change<IssuedPurge> again(IssuedPurge first, Purge meant) {
    if (first.purge().equals(meant)) {
      return new Change.Committed<>(first, meant.number());
    }
    String reason = "stands for another purge, " + first.id() + ": every purge needs its own";
    return new Change.Conflict<>(new Problem("Idempotency-Key", reason));
  }

  private static boolean exists(Handle handle, String site) {
    return handle
        .createQuery("SELECT 1 FROM site WHERE id = ? AND removed_at IS NULL")
        .bind(0, site)
        .mapTo(Integer.class)
        .findOne()
        .isPresent();
  }

  @Override
  public Optional<IssuedPurge> byId(String id) {
    UUID uuid;
    try {
      uuid = UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    return database.read(handle -> find(handle, "id = ?", uuid));
  }

  @Override
  public List<IssuedPurge> newest(int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " ORDER BY number DESC LIMIT ?")
                .bind(0, limit)
                .map((row, context) -> read(row))
                .list());
  }

  @Override
  public List<Purge> after(long number, int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " WHERE number > ? ORDER BY number LIMIT ?")
                .bind(0, number)
                .bind(1, limit)
                .map((row, context) -> read(row).purge())
                .list());
  }

  @Override
  public List<EncodedPurge> encodedAfter(long number, int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT number, message FROM purge WHERE number > ? ORDER BY number LIMIT ?")
                .bind(0, number)
                .bind(1, limit)
                .map((row, context) -> encoded(row.getLong(1), row.getBytes(2)))
                .list());
  }

  private static EncodedPurge encoded(long number, byte[] message) {
    if (decoded(message).number() != number) {
      throw new IllegalStateException("purge " + number + " in the database is another one");
    }
    return new EncodedPurge(number, Bytes.copyOf(message));
  }

  @Override
  public long head() {
    return numbers.head().purge();
  }

  @Override
  public long floor() {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT coalesce((SELECT min(number) - 1 FROM purge), purge) FROM log_head")
                .mapTo(Long.class)
                .one());
  }

  private static Optional<IssuedPurge> find(Handle handle, String condition, Object value) {
    return handle
        .createQuery(SELECT + " WHERE " + condition)
        .bind(0, value)
        .map((row, context) -> read(row))
        .findOne();
  }

  private static IssuedPurge read(ResultSet row) throws SQLException {
    Purge purge = decoded(row.getBytes(2));
    return new IssuedPurge(row.getString(1), purge, row.getTimestamp(3).toInstant());
  }

  private static Purge decoded(byte[] message) {
    try {
      return SyncCodec.purgeOf(message);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("a purge in the database cannot be read", e);
    }
  }
}
