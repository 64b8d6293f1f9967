package dev.perigee.control.store;

import dev.perigee.contract.HostName;
import dev.perigee.contract.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Which host belongs to which organisation, in PostgreSQL. A claim that no site of its organisation
 * uses goes over to whoever proves control of the host later; one that is used stays.
 */
public final class HostClaims {
  private static final String PROVED =
      "SELECT host, organisation, proof, NULL, proved_at FROM host_claim WHERE true";
  private static final String ASKED =
      "SELECT host, organisation, NULL, token, asked_at FROM host_proof"
          + " WHERE asked_at > now() - interval '7 days'";

  /** Of an advisory lock: hosts go to one organisation at a time. */
  private static final long TAKING = 0x7065_7269_0002L;

  private final Database database;
  private final LogNumbers numbers;
  private final String zone;

  /**
   * Claims.
   *
   * @param zone whose names nobody may claim
   */
  public HostClaims(Database database, LogNumbers numbers, String zone) {
    this.database = database;
    this.numbers = numbers;
    this.zone = zone;
  }

  /**
   * Which of the hosts are wanted.
   *
   * @param proved whether they are
   * @param after host and organisation behind which they begin
   */
  public record Sought(
      Optional<String> organisation, Optional<Boolean> proved, Optional<Place> after, int most) {}

  /** Where a host stands in a list: several organisations may ask for the proof of one. */
  public record Place(String host, String organisation) {}

  /** Those within view, those that are still to be proved too, by host. */
  public List<HostClaim> page(Purview purview, Sought sought) {
    String all = "(" + PROVED + Purview.OF_ORGANISATION + " UNION ALL " + ASKED;
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT * FROM "
                        + all
                        + Purview.OF_ORGANISATION
                        + ") AS c (host, organisation, proof, token, at)"
                        + " WHERE organisation = coalesce(?, organisation)"
                        + " AND (?::boolean IS NULL OR (proof IS NOT NULL) = ?)"
                        + " AND (host, organisation) > (coalesce(?, ''), coalesce(?, ''))"
                        + " ORDER BY host, organisation LIMIT ?")
                .bind(0, purview.organisations())
                .bind(1, purview.organisations())
                .bind(2, sought.organisation().orElse(null))
                .bind(3, sought.proved().orElse(null))
                .bind(4, sought.proved().orElse(null))
                .bind(5, sought.after().map(Place::host).orElse(null))
                .bind(6, sought.after().map(Place::organisation).orElse(null))
                .bind(7, sought.most())
                .map((row, context) -> read(row))
                .list());
  }

  /** A host within view: as it is proved, or else as its proof is asked for. */
  public Optional<HostClaim> find(Purview purview, String host) {
    Optional<HostClaim> proved =
        database.read(
            handle ->
                handle
                    .createQuery(PROVED + " AND host = ?" + Purview.OF_ORGANISATION)
                    .bind(0, normal(host))
                    .bind(1, purview.organisations())
                    .map((row, context) -> read(row))
                    .findOne());
    return proved.or(() -> asked(purview, host));
  }

  /** The proof of a host that was asked for within view. */
  public Optional<HostClaim> asked(Purview purview, String host) {
    return database.read(
        handle ->
            handle
                .createQuery(ASKED + " AND host = ?" + Purview.OF_ORGANISATION + " LIMIT 1")
                .bind(0, normal(host))
                .bind(1, purview.organisations())
                .map((row, context) -> read(row))
                .findOne());
  }

  /**
   * Asks for a proof. Whether somebody else has the host is not looked at, so nothing is told of
   * it. Who asks again gets the token of the first time.
   *
   * @param token what is to be found, unless one is known already
   */
  public Change<HostClaim> ask(String organisation, String host, String token) {
    String normal = normal(host);
    Optional<Problem> problem = problem(normal, host);
    if (problem.isPresent()) {
      return new Change.Invalid<>(List.of(problem.get()));
    }
    return database.inTransaction(
        handle -> {
          if (!OrganisationStore.holdAlone(handle, organisation)) {
            return new Change.Invalid<>(List.of(new Problem("organisation", "is not known")));
          }
          Optional<HostClaim> own = own(handle, organisation, normal);
          if (own.isPresent()) {
            AuditLog.unchanged();
            return new Change.Committed<>(own.get(), 0);
          }
          handle.execute("DELETE FROM host_proof WHERE asked_at <= now() - interval '7 days'");
          boolean again = isAsked(handle, organisation, normal);
          if (!again && count(handle, organisation) >= HostClaim.MOST) {
            return new Change.Conflict<>(tooMany());
          }
          handle.execute(
              "INSERT INTO host_proof (host, organisation, token) VALUES (?, ?, ?)"
                  + " ON CONFLICT (host, organisation) DO UPDATE SET asked_at = now()",
              normal,
              organisation,
              token);
          if (again) {
            AuditLog.unchanged();
          }
          HostClaim asked =
              handle
                  .createQuery(ASKED + " AND host = ? AND organisation = ?")
                  .bind(0, normal)
                  .bind(1, organisation)
                  .map((row, context) -> read(row))
                  .one();
          return new Change.Committed<>(asked, 0);
        });
  }

  /** Notes that a host is an organisation's; a conflict where another one's site uses it. */
  public Change<HostClaim> prove(String organisation, String host, HostClaim.Proof proof) {
    String normal = normal(host);
    Optional<Problem> problem = problem(normal, host);
    if (problem.isPresent()) {
      return new Change.Invalid<>(List.of(problem.get()));
    }
    Change<HostClaim> change =
        database.inTransaction(handle -> prove(handle, organisation, normal, proof));
    numbers.wake();
    return change;
  }

  private static Change<HostClaim> prove(
      Handle handle, String organisation, String host, HostClaim.Proof proof) {
    if (!OrganisationStore.hold(handle, organisation)) {
      return new Change.Invalid<>(List.of(new Problem("organisation", "is not known")));
    }
    lock(handle);
    Taken taken = take(handle, organisation, host, proof);
    if (!taken.done()) {
      String reason = "is served for somebody else here: ask the network's operator";
      return new Change.Conflict<>(new Problem("host", reason));
    }
    PostgresCertificateStore.withdraw(handle, taken.former(), Set.of(host));
    return new Change.Committed<>(own(handle, organisation, host).orElseThrow(), 0);
  }

  /** Gives up a claim, or a proof that was asked for; a conflict where a site uses the host. */
  public Change<HostClaim> release(Purview purview, String host) {
    String normal = normal(host);
    return database.inTransaction(
        handle -> {
          Optional<HostClaim> found =
              handle
                  .createQuery(PROVED + " AND host = ?" + Purview.OF_ORGANISATION + " FOR UPDATE")
                  .bind(0, normal)
                  .bind(1, purview.organisations())
                  .map((row, context) -> read(row))
                  .findOne();
          Optional<String> kept = found.flatMap(claim -> kept(handle, claim));
          if (kept.isPresent()) {
            return new Change.Conflict<>(new Problem("host", kept.get()));
          }
          List<String> asked =
              handle
                  .createQuery(
                      "DELETE FROM host_proof WHERE host = ?"
                          + Purview.OF_ORGANISATION
                          + " RETURNING organisation")
                  .bind(0, normal)
                  .bind(1, purview.organisations())
                  .mapTo(String.class)
                  .list();
          asked.stream()
              .skip(found.isPresent() ? 0 : 1)
              .forEach(whose -> AuditLog.alsoNote(handle, normal, whose));
          found.ifPresent(
              claim -> handle.execute("DELETE FROM host_claim WHERE host = ?", claim.host()));
          return found
              .or(() -> asked.stream().findFirst().map(whose -> gone(normal, whose)))
              .<Change<HostClaim>>map(claim -> new Change.Committed<>(claim, 0))
              .orElseGet(Change.Unknown::new);
        });
  }

  /** Why a claim cannot be given up; empty where it can. */
  private static Optional<String> kept(Handle handle, HostClaim claim) {
    if (isUsed(handle, claim)) {
      return Optional.of("is a host of a site: take it from the site first");
    }
    return isCertified(handle, claim)
        ? Optional.of("is named in a certificate: remove that first (perigee cert list)")
        : Optional.empty();
  }

  private static HostClaim gone(String host, String organisation) {
    return new HostClaim(
        host, organisation, Optional.empty(), Optional.empty(), java.time.Instant.EPOCH);
  }

  /** Why an organisation's site may not have a host. Who is no operator is not told whose it is. */
  static String refusal(String host, boolean toOperator) {
    return toOperator
        ? host + " belongs to another organisation: see perigee host list"
        : host + " is not yours until you prove it: perigee host prove " + host;
  }

  /**
   * Whether a host of a site is the organisation's: the claim of the host itself decides, and where
   * there is none, that of the wildcard that covers it. The claim stays until this transaction
   * ends.
   */
  static boolean holds(Handle handle, String organisation, String host) {
    return handle
        .createQuery(
            "SELECT organisation FROM host_claim WHERE host = ANY (?)"
                + " ORDER BY host <> ? FOR SHARE")
        .bind(0, coverers(host))
        .bind(1, host)
        .mapTo(String.class)
        .findFirst()
        .filter(organisation::equals)
        .isPresent();
  }

  /** Lets nobody else take a host until this transaction ends; before any claim is looked at. */
  static void lock(Handle handle) {
    handle.execute("SELECT pg_advisory_xact_lock(?)", TAKING);
  }

  /**
   * The answer to who wants a host.
   *
   * @param former organisations that had it, whose certificates for it are to go
   */
  record Taken(boolean done, Set<String> former) {
    static final Taken REFUSED = new Taken(false, Set.of());

    Taken {
      former = Set.copyOf(former);
    }
  }

  /**
   * Has a host be an organisation's, under the lock; not done where a site of another one uses what
   * it would take.
   */
  static Taken take(Handle handle, String organisation, String host, HostClaim.Proof proof) {
    List<HostClaim> others =
        handle
            .createQuery(
                PROVED + " AND host = ANY (?) AND organisation <> ? ORDER BY host FOR UPDATE")
            .bind(0, coverers(host))
            .bind(1, organisation)
            .map((row, context) -> read(row))
            .list();
    boolean served =
        handle
            .createQuery(
                "SELECT EXISTS (SELECT 1 FROM site_host h JOIN site s ON s.id = h.site"
                    + " WHERE h.host = ? AND s.organisation <> ?)")
            .bind(0, host)
            .bind(1, organisation)
            .mapTo(Boolean.class)
            .one();
    if (served || others.stream().anyMatch(claim -> isUsed(handle, claim))) {
      return Taken.REFUSED;
    }
    handle.execute(
        "DELETE FROM host_proof WHERE host = ? AND organisation = ?", host, organisation);
    handle.execute(
        "INSERT INTO host_claim AS c (host, organisation, proof) VALUES (?, ?, ?)"
            + " ON CONFLICT (host) DO UPDATE SET organisation = excluded.organisation,"
            + " proof = excluded.proof, proved_at = now()",
        host,
        organisation,
        proof.word());
    others.stream()
        .filter(claim -> claim.host().equals(host))
        .forEach(claim -> AuditLog.alsoNote(handle, host, claim.organisation()));
    return new Taken(
        true, others.stream().map(HostClaim::organisation).collect(Collectors.toSet()));
  }

  /** Of these hosts those that nobody claims: an earlier build gave them to a site. */
  static Set<String> unclaimed(Handle handle, Collection<String> hosts) {
    Set<String> left = new HashSet<>(hosts);
    handle
        .createQuery("SELECT host FROM host_claim WHERE host = ANY (?)")
        .bind(0, hosts.toArray(String[]::new))
        .mapTo(String.class)
        .forEach(left::remove);
    return left;
  }

  /** Whether a site of the claim's organisation lists it, or a host below the wildcard. */
  private static boolean isUsed(Handle handle, HostClaim claim) {
    boolean wildcard = claim.host().startsWith("*.");
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT 1 FROM site_host h JOIN site s ON s.id = h.site"
                + " WHERE s.organisation = ? AND (h.host = ?"
                + " OR (? AND substr(h.host, strpos(h.host, '.')) = ?)))")
        .bind(0, claim.organisation())
        .bind(1, claim.host())
        .bind(2, wildcard)
        .bind(3, claim.host().substring(wildcard ? 1 : 0))
        .mapTo(Boolean.class)
        .one();
  }

  /** Whether a certificate of the claim's organisation names what is its by this claim alone. */
  private static boolean isCertified(Handle handle, HostClaim claim) {
    boolean wildcard = claim.host().startsWith("*.");
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT 1 FROM certificate t, unnest(t.hosts) AS n (host)"
                + " WHERE t.organisation = ? AND (n.host = ?"
                + " OR (? AND substr(n.host, strpos(n.host, '.')) = ? AND NOT EXISTS"
                + " (SELECT 1 FROM host_claim c WHERE c.host = n.host))))")
        .bind(0, claim.organisation())
        .bind(1, claim.host())
        .bind(2, wildcard)
        .bind(3, claim.host().substring(wildcard ? 1 : 0))
        .mapTo(Boolean.class)
        .one();
  }

  /** The host, and the wildcard that covers it. */
  private static String[] coverers(String host) {
    int dot = host.indexOf('.');
    return host.startsWith("*.") || dot < 0
        ? new String[] {host}
        : new String[] {host, "*" + host.substring(dot)};
  }

  private static Optional<HostClaim> own(Handle handle, String organisation, String host) {
    return handle
        .createQuery(PROVED + " AND host = ? AND organisation = ?")
        .bind(0, host)
        .bind(1, organisation)
        .map((row, context) -> read(row))
        .findOne();
  }

  private static boolean isAsked(Handle handle, String organisation, String host) {
    return handle
        .createQuery("SELECT EXISTS (SELECT 1 FROM host_proof WHERE host = ? AND organisation = ?)")
        .bind(0, host)
        .bind(1, organisation)
        .mapTo(Boolean.class)
        .one();
  }

  private static int count(Handle handle, String organisation) {
    return handle
        .createQuery(
            "SELECT (SELECT count(*) FROM host_claim WHERE organisation = ?)"
                + " + (SELECT count(*) FROM host_proof WHERE organisation = ?)")
        .bind(0, organisation)
        .bind(1, organisation)
        .mapTo(Integer.class)
        .one();
  }

  private static Problem tooMany() {
    return new Problem(
        "host",
        "would be one more than the %d of an organisation: release old ones"
            .formatted(HostClaim.MOST));
  }

  private Optional<Problem> problem(String normal, String host) {
    if (normal.isEmpty() || normal.startsWith("[") || normal.matches("[0-9.]+")) {
      return Optional.of(new Problem("host", "is no host name: " + host));
    }
    return normal.equals(zone) || normal.endsWith("." + zone)
        ? Optional.of(new Problem("host", "lies in the zone " + zone + " of the network itself"))
        : Optional.empty();
  }

  private static String normal(String host) {
    return HostName.normalisePattern(host).orElse("");
  }

  private static HostClaim read(ResultSet row) throws SQLException {
    return new HostClaim(
        row.getString(1),
        row.getString(2),
        Optional.ofNullable(row.getString(3)).flatMap(HostClaim.Proof::of),
        Optional.ofNullable(row.getString(4)),
        row.getTimestamp(5).toInstant());
  }
}
