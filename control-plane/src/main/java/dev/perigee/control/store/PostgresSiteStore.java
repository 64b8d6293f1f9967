package dev.perigee.control.store;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SteeringPolicyCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** Sites in PostgreSQL. */
public final class PostgresSiteStore implements SiteStore {
  private static final String FROM = " FROM site s WHERE s.removed_at IS NULL";
  private static final String SELECT = SiteColumns.SELECT + FROM;

  /** For one node: with the candidate of a rollout of which it is a canary. One statement. */
  private static final String SELECT_FOR_NODE =
      SiteColumns.SELECT
          + ", (SELECT r.candidate FROM rollout r"
          + " WHERE r.site = s.id AND r.state = 'canary' AND ? = ANY (r.canaries))"
          + FROM;

  /** With whose it is, and the revision of its newest change. */
  static final String HELD = SiteColumns.SELECT + ", s.organisation, s.revision" + FROM;

  private static final String STEERED =
      """
      SELECT s.id, s.regions, s.steering, s.revision,
             array(SELECT h.host FROM site_host h WHERE h.site = s.id ORDER BY h.position)\
      """
          + FROM;

  private final Database database;
  private final LogNumbers numbers;
  private final SiteRules rules;
  private final SiteHistory history;

  /**
   * A store.
   *
   * @param zone whose names no site may claim
   * @param addresses which addresses origins may have
   * @param history where every change is noted
   */
  public PostgresSiteStore(
      Database database,
      LogNumbers numbers,
      String zone,
      OriginAddressPolicy addresses,
      SiteHistory history) {
    this.database = database;
    this.numbers = numbers;
    this.rules = new SiteRules(zone, addresses);
    this.history = history;
  }

  @Override
  public Change<SiteConfig> add(SiteConfig wish, String organisation, Edit edit) {
    boolean derived = wish.id().isEmpty();
    String prefix = edit.byOperator() ? "" : organisation + "-";
    SiteConfig named = derived ? wish.withId(SiteRules.derivedId(wish, prefix)) : wish;
    List<Problem> problems = new ArrayList<>(problems(named));
    if (!named.id().startsWith(prefix)) {
      problems.add(new Problem("id", "must begin with " + prefix + " or be left out"));
    }
    if (!problems.isEmpty()) {
      return new Change.Invalid<>(problems);
    }
    return change(
        handle -> {
          // Else "is taken" would tell the other organisation of a site that it does not see.
          boolean foreign = OrganisationStore.isOfAnother(handle, organisation, named.id());
          if (foreign && !derived) {
            String reason = "begins as those of another organisation do: choose another";
            return new Change.Conflict<>(new Problem("id", reason));
          }
          Optional<Change<SiteConfig>> refused =
              OrganisationStore.oneMoreSite(handle, organisation, edit.byOperator());
          if (refused.isPresent()) {
            return refused.get();
          }
          SiteConfig site =
              foreign ? wish.withId(SiteRules.derivedId(wish, organisation + "-")) : named;
          SiteConfig unique = site;
          // Of others that are being added, only those that are committed can be seen.
          for (int n = 2; !insert(handle, unique, organisation); n++) {
            if (!derived) {
              String reason = "is taken, now or once: ids are never used again";
              return new Change.Conflict<>(new Problem("id", reason));
            }
            unique = site.withId(site.id() + "-" + n);
          }
          return noted(
              handle, withHosts(handle, unique, Set.of(), edit), SiteHistory.Kind.ADDED, edit);
        });
  }

  /** Inserts the site without its hosts; false where its id was ever used. */
  private static boolean insert(Handle handle, SiteConfig site, String organisation) {
    return handle.execute(
            "INSERT INTO site (origins, regions, scheme_in_key, port_in_key, cache_policy,"
                + " origin_pools, hiding, shield, pop_share, steering, rate_limits, bandwidth,"
                + " compression, acme, client_certificates, id, organisation) VALUES"
                + " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            SiteColumns.values(handle, site, organisation))
        == 1;
  }

  @Override
  public Change<SiteConfig> replace(SiteConfig site, Edit edit) {
    return replace(site, SiteHistory.Kind.CHANGED, edit);
  }

  @Override
  public Change<SiteConfig> rollBack(String id, long revision, Edit edit) {
    return history
        .at(id, revision)
        .map(entry -> replace(entry.site(), SiteHistory.Kind.ROLLED_BACK, edit))
        .orElseGet(Change.Unknown::new);
  }

  private Change<SiteConfig> replace(SiteConfig site, SiteHistory.Kind kind, Edit edit) {
    List<Problem> problems = problems(site);
    if (!problems.isEmpty()) {
      return new Change.Invalid<>(problems);
    }
    return change(
        handle -> {
          Change<SiteConfig> before = locked(handle, site.id(), edit);
          return before instanceof Change.Committed<SiteConfig>
              ? noted(handle, update(handle, site, edit), kind, edit)
              : before;
        });
  }

  /** Replaces the settings of a site whose row is locked. */
  private static Change<SiteConfig> update(Handle handle, SiteConfig site, Edit edit) {
    handle.execute(
        "UPDATE site SET origins = ?, regions = ?, scheme_in_key = ?, port_in_key = ?, cache_policy"
            + " = ?, origin_pools = ?, hiding = ?, shield = ?, pop_share = ?, steering = ?,"
            + " rate_limits = ?, bandwidth = ?, compression = ?, acme = ?, client_certificates = ?"
            + " WHERE id = ?",
        SiteColumns.values(handle, site));
    List<String> before =
        handle
            .createQuery("DELETE FROM site_host WHERE site = ? RETURNING host")
            .bind(0, site.id())
            .mapTo(String.class)
            .list();
    return withHosts(handle, site, HostClaims.unclaimed(handle, before), edit);
  }

  @Override
  public Change<SiteConfig> remove(String id, Edit edit) {
    return change(
        handle -> {
          Change<SiteConfig> before = locked(handle, id, edit);
          if (!(before instanceof Change.Committed<SiteConfig>(SiteConfig site, long since))) {
            return before;
          }
          handle.execute("UPDATE site SET removed_at = now() WHERE id = ?", id);
          handle.execute("DELETE FROM site_host WHERE site = ?", id);
          long revision = LogNumbers.nextRevision(handle, "site", id);
          Change<SiteConfig> removed = new Change.Committed<>(site, revision);
          return noted(handle, removed, SiteHistory.Kind.REMOVED, edit);
        });
  }

  /** The site as it is, with its row locked until the end, where it is as the edit wants it. */
  Change<SiteConfig> locked(Handle handle, String id, Edit edit) {
    Optional<Long> revision =
        handle
            .createQuery("SELECT revision FROM site WHERE id = ? AND removed_at IS NULL FOR UPDATE")
            .bind(0, id)
            .mapTo(Long.class)
            .findOne();
    if (revision.isEmpty()) {
      return new Change.Unknown<>();
    }
    if (edit.ifRevision().orElse(revision.get()) != revision.get()) {
      return new Change.Stale<>(revision.get());
    }
    boolean staged =
        handle
            .createQuery(
                "SELECT EXISTS (SELECT 1 FROM rollout WHERE site = ? AND state = 'canary')")
            .bind(0, id)
            .mapTo(Boolean.class)
            .one();
    if (staged) {
      String reason = "has a rollout under way: promote or halt it first (perigee rollout list)";
      return new Change.Conflict<>(new Problem("site", reason));
    }
    SiteConfig before = find(handle, "s.id = ?", id).orElseThrow();
    history.find(handle, before, revision.get());
    return new Change.Committed<>(before, revision.get());
  }

  /** Puts a rollout's candidate in force everywhere; its hosts are those that the site has. */
  long promote(Handle handle, SiteConfig site, Edit edit) {
    if (update(handle, site, edit)
        instanceof Change.Committed<SiteConfig>(SiteConfig now, long revision)) {
      history.record(handle, now, revision, SiteHistory.Kind.CHANGED, edit);
      return revision;
    }
    throw new IllegalStateException("the hosts of a site belong to another one: " + site.id());
  }

  private Change<SiteConfig> noted(
      Handle handle, Change<SiteConfig> change, SiteHistory.Kind kind, Edit edit) {
    if (change instanceof Change.Committed<SiteConfig>(SiteConfig site, long revision)) {
      history.record(handle, site, revision, kind, edit);
    }
    return change;
  }

  @Override
  public OptionalLong revision(String id) {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT revision FROM site WHERE id = ? AND removed_at IS NULL")
                .bind(0, id)
                .mapTo(Long.class)
                .findOne()
                .map(OptionalLong::of)
                .orElseGet(OptionalLong::empty));
  }

  @Override
  public Optional<SiteConfig> byId(String id) {
    return database.read(handle -> find(handle, "s.id = ?", id));
  }

  @Override
  public Optional<SiteConfig> byHost(String host) {
    return database.read(
        handle -> find(handle, "s.id = (SELECT h.site FROM site_host h WHERE h.host = ?)", host));
  }

  @Override
  public List<SiteConfig> all() {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT + " ORDER BY s.id")
                .map((r, c) -> SiteColumns.read(r, c))
                .list());
  }

  @Override
  public List<Steered> steered() {
    return database.read(
        handle -> handle.createQuery(STEERED).map((row, c) -> steered(row)).list());
  }

  @Override
  public List<Steered> steered(Set<String> ids) {
    return database.read(
        handle ->
            handle
                .createQuery(STEERED + " AND s.id = ANY (?)")
                .bind(0, ids.toArray(String[]::new))
                .map((row, context) -> steered(row))
                .list());
  }

  private static Steered steered(java.sql.ResultSet row) throws java.sql.SQLException {
    SiteConfig site =
        new SiteConfig(
            row.getString(1),
            List.of((String[]) row.getArray(5).getArray()),
            List.of(),
            Set.of((String[]) row.getArray(2).getArray()),
            false,
            false);
    byte[] steering = row.getBytes(3);
    return new Steered(
        steering.length == 0 ? site : site.withSteering(SteeringPolicyCodec.of(steering)),
        row.getLong(4));
  }

  private Change<SiteConfig> change(java.util.function.Function<Handle, Change<SiteConfig>> work) {
    Change<SiteConfig> change = database.inTransaction(work);
    numbers.wake();
    return change;
  }

  /**
   * Gives a site its hosts, which it has to hold; an operator's word makes them its organisation's.
   *
   * @param had those that it had before and that nobody claims: they stay its own
   */
  private static Change<SiteConfig> withHosts(
      Handle handle, SiteConfig site, Set<String> had, Edit edit) {
    String organisation =
        handle
            .createQuery("SELECT organisation FROM site WHERE id = ?")
            .bind(0, site.id())
            .mapTo(String.class)
            .one();
    if (edit.byOperator() || !had.isEmpty()) {
      HostClaims.lock(handle);
    }
    Set<String> former = new HashSet<>();
    // In one order for all, so that two sites that want the same hosts do not wait for each other.
    for (String host : site.hosts().stream().sorted().toList()) {
      int position = site.hosts().indexOf(host);
      if (!HostClaims.holds(handle, organisation, host)) {
        HostClaims.Taken taken =
            edit.byOperator() || had.contains(host)
                ? HostClaims.take(handle, organisation, host, HostClaim.Proof.VOUCHED)
                : HostClaims.Taken.REFUSED;
        if (!taken.done()) {
          return conflict(handle, position, HostClaims.refusal(host, edit.byOperator()));
        }
        former.addAll(taken.former());
      }
      int rows =
          handle.execute(
              "INSERT INTO site_host (host, site, position) VALUES (?, ?, ?)"
                  + " ON CONFLICT DO NOTHING",
              host,
              site.id(),
              position);
      if (rows == 0) {
        return conflict(handle, position, host + " belongs to another site");
      }
    }
    // Behind all claims: who has the log's number waits for none.
    PostgresCertificateStore.withdraw(handle, former, Set.copyOf(site.hosts()));
    return new Change.Committed<>(site, LogNumbers.nextRevision(handle, "site", site.id()));
  }

  private static Change<SiteConfig> conflict(Handle handle, int index, String why) {
    handle.rollback();
    Problem problem = new Problem("hosts[" + index + "]", why);
    return new Change.Conflict<>(problem);
  }

  /** What is wrong with a site. */
  List<Problem> problems(SiteConfig site) {
    List<Problem> problems = new ArrayList<>(rules.problems(site));
    if (site.clientCertificates().isAsked()) {
      database.read(handle -> notYet(handle, site)).ifPresent(problems::add);
    }
    return problems;
  }

  /** Why a site cannot ask its readers for certificates yet; empty where it can. */
  private static Optional<Problem> notYet(Handle handle, SiteConfig site) {
    Optional<String> why =
        ReplicaStore.allKnowAsking(handle)
            ? PostgresNodeStore.lacking(handle, site)
                .map(
                    node ->
                        "the node "
                            + node
                            + " would not serve the site, as it was not seen with a build that"
                            + " can ask; update and start it, or drain or remove it")
            : Optional.of(
                "a control plane of an earlier build is running, and would send the site without"
                    + " them; update all, and wait for 10 minutes where one was killed");
    return why.map(text -> new Problem("clientCertificates", "cannot be asked for yet: " + text));
  }

  private static Optional<SiteConfig> find(Handle handle, String condition, String value) {
    return handle
        .createQuery(SELECT + " AND " + condition)
        .bind(0, value)
        .map((row, context) -> SiteColumns.read(row, context))
        .findOne();
  }

  static VisibleSites.Held held(java.sql.ResultSet row, StatementContext context)
      throws java.sql.SQLException {
    return new VisibleSites.Held(
        SiteColumns.read(row, context), row.getString("organisation"), row.getLong("revision"));
  }

  /** All sites as one node is to have them, by id. */
  public List<SiteConfig> allFor(String node) {
    return database.read(
        handle ->
            handle
                .createQuery(SELECT_FOR_NODE + " ORDER BY s.id")
                .bind(0, node)
                .map((row, context) -> readForNode(row, context))
                .list());
  }

  /** To which organisations sites belong, by their ids; those that still exist. */
  public Map<String, String> organisations(List<SiteConfig> of) {
    Map<String, String> found = new HashMap<>();
    String[] ids = of.stream().map(SiteConfig::id).toArray(String[]::new);
    if (ids.length > 0) {
      database
          .read(
              handle ->
                  handle
                      .createQuery(
                          "SELECT id, organisation FROM site"
                              + " WHERE id = ANY (?) AND removed_at IS NULL")
                      .bind(0, ids)
                      .map((row, context) -> Map.entry(row.getString(1), row.getString(2)))
                      .list())
          .forEach(site -> found.put(site.getKey(), site.getValue()));
    }
    return found;
  }

  /** The sites with these ids that still exist, as one node is to have them, by id. */
  public Map<String, SiteConfig> byIds(Set<String> ids, String node) {
    Map<String, SiteConfig> found = new LinkedHashMap<>();
    database
        .read(
            handle ->
                handle
                    .createQuery(SELECT_FOR_NODE + " AND s.id = ANY (?) ORDER BY s.id")
                    .bind(0, node)
                    .bind(1, ids.toArray(String[]::new))
                    .map((row, context) -> readForNode(row, context))
                    .list())
        .forEach(site -> found.put(site.id(), site));
    return found;
  }

  private static SiteConfig readForNode(java.sql.ResultSet row, StatementContext context)
      throws java.sql.SQLException {
    byte[] candidate = row.getBytes(SiteColumns.COUNT + 1);
    return candidate == null
        ? SiteColumns.read(row, context)
        : context.getConfig(SealedColumns.class).whole(row.getString(1), candidate);
  }
}
