package dev.perigee.control.store;

import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Rollouts in PostgreSQL. What a node is sent of a site is a function of the site's row and of the
 * rollout that is under way, and whatever changes one of them logs the site: so a canary gets the
 * candidate with a revision of its own, and the same way the settings of all when it is halted.
 *
 * <p>Each step holds the rollout's row, so of two control planes one takes it.
 */
public final class PostgresRolloutStore {
  /** Rollouts of one site that are kept. */
  private static final int KEPT = 20;

  private static final String SELECT =
      """
      SELECT r.id, r.candidate, r.state, r.revision, r.hold_seconds, r.error_points,
             r.minimum_requests, r.who, r.note, r.reason, r.begun_at, r.ended_at,
             r.other_requests, r.other_errors, clock_timestamp(), r.site,
             array(SELECT n.node FROM rollout_node n WHERE n.rollout = r.id ORDER BY n.node),
             array(SELECT n.applied_at FROM rollout_node n WHERE n.rollout = r.id ORDER BY n.node),
             array(SELECT n.requests FROM rollout_node n WHERE n.rollout = r.id ORDER BY n.node),
             array(SELECT n.errors FROM rollout_node n WHERE n.rollout = r.id ORDER BY n.node)
        FROM rollout r
      """;

  private final Database database;
  private final LogNumbers numbers;
  private final PostgresSiteStore sites;

  public PostgresRolloutStore(Database database, LogNumbers numbers, PostgresSiteStore sites) {
    this.database = database;
    this.numbers = numbers;
    this.sites = sites;
  }

  /**
   * Gives a change of a site to some nodes. Its hosts stay as they are: they belong to a site on
   * all nodes at once.
   */
  public Change<Rollout> begin(
      SiteConfig candidate, List<String> canaries, Rollout.Plan plan, Edit edit) {
    List<Problem> problems = new ArrayList<>(sites.problems(candidate));
    if (canaries.isEmpty()) {
      problems.add(new Problem("canary", "names no node that serves the site"));
    }
    if (!problems.isEmpty()) {
      return new Change.Invalid<>(problems);
    }
    return change(handle -> begin(handle, candidate, canaries, plan, edit));
  }

  private Change<Rollout> begin(
      Handle handle, SiteConfig candidate, List<String> canaries, Rollout.Plan plan, Edit edit) {
    return switch (sites.locked(handle, candidate.id(), edit)) {
      case Change.Committed<SiteConfig>(SiteConfig before, long base) -> {
        if (!before.hosts().equals(candidate.hosts())) {
          handle.rollback();
          yield new Change.Conflict<>(
              new Problem("hosts", "cannot change in stages: change them at once"));
        }
        yield insert(handle, candidate, canaries, plan, edit);
      }
      case Change.Invalid<SiteConfig>(var problems) -> new Change.Invalid<>(problems);
      case Change.Conflict<SiteConfig>(var problem) -> new Change.Conflict<>(problem);
      case Change.Stale<SiteConfig>(long revision) -> new Change.Stale<>(revision);
      case Change.Limited<SiteConfig>(Duration retryAfter) -> new Change.Limited<>(retryAfter);
      case Change.Unknown<SiteConfig>() -> new Change.Unknown<>();
    };
  }

  private static Change<Rollout> insert(
      Handle handle, SiteConfig candidate, List<String> canaries, Rollout.Plan plan, Edit edit) {
    long revision = LogNumbers.nextRevision(handle, "site", candidate.id());
    SealedColumns sealed = handle.getConfig(SealedColumns.class);
    UUID id =
        handle
            .createQuery(
                "INSERT INTO rollout (site, state, candidate, revision, canaries,"
                    + " hold_seconds, error_points, minimum_requests, who, note, sealed_by)"
                    + " VALUES (?, 'canary', ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id")
            .bind(0, candidate.id())
            .bind(1, sealed.whole(candidate))
            .bind(2, revision)
            .bind(3, canaries.toArray(String[]::new))
            .bind(4, plan.hold().map(Duration::toSeconds).orElse(null))
            .bind(5, plan.errorPoints())
            .bind(6, plan.minimumRequests())
            .bind(7, edit.who())
            .bind(8, edit.note())
            .bind(9, sealed.mark(candidate))
            .mapTo(UUID.class)
            .one();
    handle.execute(
        "INSERT INTO rollout_node (rollout, node) SELECT ?, name FROM node WHERE name = ANY (?)",
        id,
        canaries.toArray(String[]::new));
    handle.execute(
        "DELETE FROM rollout WHERE site = ? AND state <> 'canary' AND begun_at <="
            + " (SELECT begun_at FROM rollout WHERE site = ?"
            + " ORDER BY begun_at DESC OFFSET ? LIMIT 1)",
        candidate.id(),
        candidate.id(),
        KEPT);
    return new Change.Committed<>(find(handle, id, "").orElseThrow(), revision);
  }

  /** Gives it to every node, as a change of the site like any other. */
  public Change<Rollout> promote(String id) {
    return change(handle -> underWay(handle, id, "", rollout -> promote(handle, rollout)));
  }

  /** Takes it from its canaries. */
  public Change<Rollout> halt(String id, String reason) {
    return change(handle -> underWay(handle, id, "", rollout -> halt(handle, rollout, reason)));
  }

  /**
   * Notes what was seen of a rollout, and does what the judge says; nothing where another control
   * plane is at it.
   *
   * @param applied nodes that took it
   * @param answered by canaries since then, and by the others under the empty name
   * @return whether it was noted
   */
  public boolean observe(
      Rollout known,
      List<String> applied,
      Map<String, Rollout.Answered> answered,
      Function<Rollout, Rollout.Verdict> judge) {
    Change<Rollout> change =
        change(
            handle ->
                underWay(
                    handle,
                    known.id(),
                    " SKIP LOCKED",
                    before -> {
                      UUID id = UUID.fromString(known.id());
                      note(handle, id, applied, answered);
                      Rollout now = find(handle, id, "").orElseThrow();
                      return switch (judge.apply(now)) {
                        case Rollout.Verdict.Wait(String sentence) ->
                            new Change.Committed<>(now, 0);
                        case Rollout.Verdict.Promote() -> promote(handle, now);
                        case Rollout.Verdict.Halt(String reason) -> halt(handle, now, reason);
                      };
                    }));
    return change instanceof Change.Committed<Rollout>;
  }

  private static void note(
      Handle handle, UUID id, List<String> applied, Map<String, Rollout.Answered> answered) {
    handle.execute(
        "UPDATE rollout_node SET applied_at = clock_timestamp()"
            + " WHERE rollout = ? AND node = ANY (?) AND applied_at IS NULL",
        id,
        applied.toArray(String[]::new));
    answered.forEach(
        (node, some) -> {
          if (node.isEmpty()) {
            handle.execute(
                "UPDATE rollout SET other_requests = other_requests + ?,"
                    + " other_errors = other_errors + ? WHERE id = ?",
                some.requests(),
                some.errors(),
                id);
          } else {
            handle.execute(
                "UPDATE rollout_node SET requests = requests + ?, errors = errors + ?"
                    + " WHERE rollout = ? AND node = ?",
                some.requests(),
                some.errors(),
                id,
                node);
          }
        });
  }

  private Change<Rollout> underWay(
      Handle handle, String id, String lock, Function<Rollout, Change<Rollout>> step) {
    Optional<Rollout> rollout = uuid(id).flatMap(u -> find(handle, u, " FOR UPDATE OF r" + lock));
    if (rollout.isEmpty()) {
      return new Change.Unknown<>();
    }
    if (rollout.get().state() != Rollout.State.CANARY) {
      String reason = "is " + rollout.get().state().word() + " already";
      return new Change.Conflict<>(new Problem("rollout", reason));
    }
    return step.apply(rollout.get());
  }

  private Change<Rollout> promote(Handle handle, Rollout rollout) {
    UUID id = UUID.fromString(rollout.id());
    String site = rollout.candidate().id();
    if (LogNumbers.isNewer(handle, "site", site, rollout.revision())) {
      return halt(handle, rollout, "the site was changed beside it");
    }
    Edit edit = new Edit(rollout.who(), rollout.note(), OptionalLong.empty());
    long revision = sites.promote(handle, rollout.candidate(), edit);
    end(handle, id, Rollout.State.PROMOTED, "");
    return new Change.Committed<>(find(handle, id, "").orElseThrow(), revision);
  }

  private static Change<Rollout> halt(Handle handle, Rollout rollout, String reason) {
    UUID id = UUID.fromString(rollout.id());
    end(handle, id, Rollout.State.HALTED, reason);
    long revision = LogNumbers.nextRevision(handle, "site", rollout.candidate().id());
    return new Change.Committed<>(find(handle, id, "").orElseThrow(), revision);
  }

  private static void end(Handle handle, UUID id, Rollout.State state, String reason) {
    handle.execute(
        "UPDATE rollout SET state = ?, reason = ?, ended_at = clock_timestamp() WHERE id = ?",
        state.word(),
        reason,
        id);
  }

  /** One of a site that is within purview. */
  public Optional<Rollout> byId(Purview purview, String id) {
    return uuid(id).flatMap(u -> within(purview, "WHERE r.id = ?", u).stream().findFirst());
  }

  /** Those of one site, newest first. */
  public List<Rollout> of(String site) {
    return list("WHERE r.site = ? ORDER BY r.begun_at DESC LIMIT " + (KEPT + 1), site);
  }

  /** Those under way, by site. */
  public List<Rollout> underWay() {
    return list("WHERE r.state = ? ORDER BY r.site", Rollout.State.CANARY.word());
  }

  /** Those under way that are within purview, by site. */
  public List<Rollout> underWay(Purview purview) {
    return within(purview, "WHERE r.state = ?", Rollout.State.CANARY.word());
  }

  private List<Rollout> within(Purview purview, String condition, Object value) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    SELECT
                        + " JOIN site s ON s.id = r.site "
                        + condition
                        + Purview.OF_SITES
                        + " ORDER BY r.site")
                .bind(0, value)
                .bind(1, purview.organisations())
                .bind(2, purview.siteIds())
                .map((row, context) -> read(row, context))
                .list());
  }

  /** Names of the nodes that have some site otherwise than the others now. */
  public Set<String> canaries() {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT DISTINCT unnest(canaries) FROM rollout WHERE state = ?")
                .bind(0, Rollout.State.CANARY.word())
                .mapTo(String.class)
                .collectIntoSet());
  }

  private List<Rollout> list(String condition, String value) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + condition)
                .bind(0, value)
                .map((row, context) -> read(row, context))
                .list());
  }

  private Change<Rollout> change(Function<Handle, Change<Rollout>> work) {
    Change<Rollout> change = database.inTransaction(work);
    numbers.wake();
    return change;
  }

  private static Optional<Rollout> find(Handle handle, UUID id, String lock) {
    return handle
        .createQuery(SELECT + "WHERE r.id = ?" + lock)
        .bind(0, id)
        .map((row, context) -> read(row, context))
        .findOne();
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(UUID.fromString(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Rollout read(ResultSet row, StatementContext context) throws SQLException {
    long hold = row.getLong(5);
    Optional<Duration> after =
        row.wasNull() ? Optional.empty() : Optional.of(Duration.ofSeconds(hold));
    return new Rollout(
        row.getString(1),
        context.getConfig(SealedColumns.class).whole(row.getString(16), row.getBytes(2)),
        Rollout.State.of(row.getString(3)),
        row.getLong(4),
        new Rollout.Plan(after, row.getInt(6), row.getInt(7)),
        row.getString(8),
        row.getString(9),
        row.getString(10),
        row.getTimestamp(11).toInstant(),
        Optional.ofNullable(row.getTimestamp(12)).map(Timestamp::toInstant),
        canaries(row),
        new Rollout.Answered(row.getLong(13), row.getLong(14)),
        row.getTimestamp(15).toInstant());
  }

  private static List<Rollout.Canary> canaries(ResultSet row) throws SQLException {
    String[] nodes = (String[]) row.getArray(17).getArray();
    Timestamp[] applied = (Timestamp[]) row.getArray(18).getArray();
    Long[] requests = (Long[]) row.getArray(19).getArray();
    Long[] errors = (Long[]) row.getArray(20).getArray();
    List<Rollout.Canary> canaries = new ArrayList<>();
    for (int i = 0; i < nodes.length; i++) {
      Optional<Instant> at = Optional.ofNullable(applied[i]).map(Timestamp::toInstant);
      Rollout.Answered answered = new Rollout.Answered(requests[i], errors[i]);
      canaries.add(new Rollout.Canary(nodes[i], at, answered));
    }
    return canaries;
  }
}
