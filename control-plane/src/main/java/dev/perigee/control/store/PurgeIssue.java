package dev.perigee.control.store;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CachePolicyCodec;
import dev.perigee.contract.Problem;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import dev.perigee.control.store.PurgeStore.IssuedPurge;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Issues purges that are wanted at the same time, in one transaction: each gets the answer that it
 * would get alone after those before it. What the database is asked does not grow with them.
 */
final class PurgeIssue {
  private static final int EXPIRED_AT_ONCE = 1_000;

  private final Handle handle;
  private final PurgeLimits limits;
  private final List<Wanted> wanted;
  private final Map<String, Known> byKey = new HashMap<>();
  private final Set<String> sites = new HashSet<>();
  private final Map<String, List<CachePolicy>> rules = new HashMap<>();
  private final Map<String, Budget> budgets = new HashMap<>();
  private final Map<String, Double> left = new TreeMap<>();
  private final List<Row> rows = new ArrayList<>();

  /**
   * A purge that somebody wants.
   *
   * @param call whose row of the audit log it is
   */
  record Wanted(
      Optional<String> site,
      PurgeScope scope,
      boolean soft,
      Optional<String> key,
      Optional<AuditLog.Call> call) {
    Purge numbered(long number) {
      return new Purge(number, site, scope, soft);
    }

    String owner() {
      return site.orElse("");
    }
  }

  /** What an owner had, and how long ago. */
  private record Budget(double tokens, Duration since) {}

  /** What is to be inserted. */
  private record Row(Purge purge, Optional<String> key, Optional<AuditLog.Call> call) {}

  /** A purge that stands for a key: from before, or of these and without its receipt yet. */
  private record Known(Purge purge, Optional<IssuedPurge> issued) {}

  /** What becomes of one that is wanted: refused, or the purge that its receipt belongs to. */
  private sealed interface Verdict {
    record Refused(Change<IssuedPurge> answer) implements Verdict {}

    record Stands(Known known) implements Verdict {}
  }

  private PurgeIssue(Handle handle, PurgeLimits limits, List<Wanted> wanted) {
    this.handle = handle;
    this.limits = limits;
    this.wanted = wanted;
  }

  /** Issues these; an answer for each, in order. */
  static List<Change<IssuedPurge>> issue(Handle handle, PurgeLimits limits, List<Wanted> wanted) {
    return new PurgeIssue(handle, limits, wanted).issue();
  }

  private List<Change<IssuedPurge>> issue() {
    // The number's lock first: two requests with one key come one after the other.
    long head = LogNumbers.lockPurge(handle);
    readKeys();
    readSites();
    readBudgets();
    List<Verdict> verdicts = new ArrayList<>();
    for (Wanted one : wanted) {
      verdicts.add(verdict(one, head + rows.size() + 1));
    }
    Map<Long, IssuedPurge> issued = write(head);
    return verdicts.stream().map(verdict -> answer(verdict, issued)).toList();
  }

  private static Change<IssuedPurge> answer(Verdict verdict, Map<Long, IssuedPurge> issued) {
    return switch (verdict) {
      case Verdict.Refused refused -> refused.answer();
      case Verdict.Stands(Known known) -> {
        IssuedPurge one = known.issued().orElseGet(() -> issued.get(known.purge().number()));
        yield new Change.Committed<>(one, one.purge().number());
      }
    };
  }

  /**
   * Decides about one, and keeps what is to be written of it.
   *
   * @param number the next that is free
   */
  private Verdict verdict(Wanted one, long number) {
    Optional<Known> earlier = one.key().flatMap(key -> Optional.ofNullable(byKey.get(key)));
    if (earlier.isPresent()) {
      return again(earlier.get(), one);
    }
    if (one.site().isPresent() && !sites.contains(one.owner())) {
      return new Verdict.Refused(new Change.Unknown<>());
    }
    if (take(one.owner()) instanceof PurgeLimits.Taken.Refused(Duration retryAfter)) {
      return new Verdict.Refused(new Change.Limited<>(retryAfter));
    }
    long next = number;
    for (PurgeScope keyed : asKeyed(one)) {
      rows.add(
          new Row(
              new Purge(next, one.site(), keyed, one.soft()), Optional.empty(), Optional.empty()));
      next++;
    }
    Known known = new Known(one.numbered(next), Optional.empty());
    rows.add(new Row(known.purge(), one.key(), one.call()));
    one.key().ifPresent(key -> byKey.put(key, known));
    return new Verdict.Stands(known);
  }

  /** The first purge of the key again, unless another one was meant. */
  private static Verdict again(Known first, Wanted meant) {
    if (first.purge().equals(meant.numbered(first.purge().number()))) {
      meant.call().ifPresent(AuditLog.Call::unchanged);
      return new Verdict.Stands(first);
    }
    String which = first.issued().map(IssuedPurge::id).orElse("asked for at the same time");
    String reason = "stands for another purge, " + which + ": every purge needs its own";
    return new Verdict.Refused(new Change.Conflict<>(new Problem("Idempotency-Key", reason)));
  }

  /** Takes one purge from what the owner may issue; under the lock of the number. */
  private PurgeLimits.Taken take(String owner) {
    Budget had = budgets.getOrDefault(owner, new Budget(limits.full(), Duration.ZERO));
    PurgeLimits.Taken taken = limits.take(had.tokens(), had.since());
    if (taken instanceof PurgeLimits.Taken.Granted(double rest)) {
      budgets.put(owner, new Budget(rest, Duration.ZERO));
      left.put(owner, rest);
    }
    return taken;
  }

  /**
   * The URL as the site's rule for queries keys it, where that is another: what was stored before
   * the rule lies under the one, what was stored since under the other. Canaries of a rollout may
   * have a rule of their own.
   */
  private List<PurgeScope> asKeyed(Wanted one) {
    if (!(one.scope() instanceof PurgeScope.Url(String host, String target))) {
      return List.of();
    }
    return rules.getOrDefault(one.owner(), List.of()).stream()
        .map(policy -> policy.key().target(target))
        .distinct()
        .filter(keyed -> !keyed.equals(target))
        .<PurgeScope>map(keyed -> new PurgeScope.Url(host, keyed))
        .toList();
  }

  /** Keys that have expired stand for nothing any more: the oldest first, some at a time. */
  private void readKeys() {
    String[] keys = wanted.stream().flatMap(one -> one.key().stream()).toArray(String[]::new);
    if (keys.length == 0) {
      return;
    }
    handle.execute(
        "UPDATE purge SET idempotency_key = NULL WHERE number IN (SELECT number FROM purge"
            + " WHERE idempotency_key IS NOT NULL"
            + " AND issued_at < now() - make_interval(secs => ?) ORDER BY issued_at LIMIT ?)",
        (double) limits.keyLife().toSeconds(),
        EXPIRED_AT_ONCE);
    handle
        .createQuery(
            "SELECT id, message, issued_at, idempotency_key FROM purge"
                + " WHERE idempotency_key = ANY(?)")
        .bind(0, keys)
        .map((row, context) -> Map.entry(row.getString(4), PostgresPurgeStore.read(row)))
        .forEach(
            found ->
                byKey.put(
                    found.getKey(),
                    new Known(found.getValue().purge(), Optional.of(found.getValue()))));
  }

  private void readSites() {
    handle
        .createQuery("SELECT id FROM site WHERE id = ANY(?) AND removed_at IS NULL")
        .bind(0, owners(wanted.stream()))
        .mapTo(String.class)
        .forEach(sites::add);
    String[] byUrl = owners(wanted.stream().filter(one -> one.scope() instanceof PurgeScope.Url));
    if (byUrl.length > 0) {
      handle
          .createQuery("SELECT id, cache_policy FROM site WHERE id = ANY(?)")
          .bind(0, byUrl)
          .map((row, context) -> Map.entry(row.getString(1), CachePolicyCodec.of(row.getBytes(2))))
          .forEach(this::rule);
      handle
          .createQuery(
              "SELECT site, candidate FROM rollout WHERE site = ANY(?) AND state = 'canary'")
          .bind(0, byUrl)
          .map(
              (row, context) ->
                  Map.entry(
                      row.getString(1),
                      context
                          .getConfig(SealedColumns.class)
                          .whole(row.getString(1), row.getBytes(2))
                          .cache()))
          .forEach(this::rule);
    }
  }

  private void rule(Map.Entry<String, CachePolicy> of) {
    rules.computeIfAbsent(of.getKey(), site -> new ArrayList<>()).add(of.getValue());
  }

  private void readBudgets() {
    handle
        .createQuery(
            "SELECT owner, tokens, extract(epoch FROM clock_timestamp() - at) * 1000"
                + " FROM purge_budget WHERE owner = ANY(?)")
        .bind(0, owners(wanted.stream()))
        .map(
            (row, context) ->
                Map.entry(
                    row.getString(1),
                    new Budget(row.getDouble(2), Duration.ofMillis(row.getLong(3)))))
        .forEach(found -> budgets.put(found.getKey(), found.getValue()));
  }

  private static String[] owners(Stream<Wanted> of) {
    return of.map(Wanted::owner).distinct().toArray(String[]::new);
  }

  /** Writes what was granted; the receipts by number. */
  private Map<Long, IssuedPurge> write(long head) {
    if (rows.isEmpty()) {
      return Map.of();
    }
    handle.execute(
        "INSERT INTO purge_budget (owner, tokens, at)"
            + " SELECT a.owner, a.tokens, clock_timestamp() FROM unnest(?, ?) AS a (owner, tokens)"
            + " ON CONFLICT (owner) DO UPDATE SET tokens = excluded.tokens, at = excluded.at",
        left.keySet().toArray(String[]::new),
        left.values().toArray(Double[]::new));
    var batch =
        handle.prepareBatch(
            "INSERT INTO purge (number, site, message, idempotency_key) VALUES (?, ?, ?, ?)");
    for (Row row : rows) {
      Purge purge = row.purge();
      batch
          .bind(0, purge.number())
          .bind(1, purge.site().orElse(null))
          .bind(2, SyncCodec.toBytes(purge))
          .bind(3, row.key().orElse(null))
          .add();
    }
    batch.execute();
    handle.execute("UPDATE log_head SET purge = ?", head + rows.size());
    Map<Long, IssuedPurge> issued = new HashMap<>();
    handle
        .createQuery("SELECT id, message, issued_at FROM purge WHERE number > ?")
        .bind(0, head)
        .map((row, context) -> PostgresPurgeStore.read(row))
        .forEach(one -> issued.put(one.purge().number(), one));
    List<Map.Entry<AuditLog.Call, IssuedPurge>> notes = new ArrayList<>();
    for (Row row : rows) {
      row.call()
          .ifPresent(
              call ->
                  Optional.ofNullable(issued.get(row.purge().number()))
                      .ifPresent(purge -> notes.add(Map.entry(call, purge))));
    }
    AuditLog.noteAll(handle, notes);
    return issued;
  }
}
