package dev.perigee.control.store;

import dev.perigee.contract.HostName;
import dev.perigee.contract.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Challenges in PostgreSQL. They are of the DNS alone: edges are told nothing of them. */
public final class DnsChallengeStore {
  private static final String ALL = "SELECT name, texts, ttl_seconds FROM dns_challenge";

  private final Database database;
  private final LogNumbers numbers;
  private final String zone;
  private final boolean siteHosts;

  /**
   * @param zone normalised; names below it may have challenges
   * @param siteHosts whether names at and below sites' own hosts may too
   */
  public DnsChallengeStore(Database database, LogNumbers numbers, String zone, boolean siteHosts) {
    this.database = database;
    this.numbers = numbers;
    this.zone = zone;
    this.siteHosts = siteHosts;
  }

  /** All of them, by name. */
  public List<DnsChallenge> all() {
    return all(Purview.ALL);
  }

  /** Those within purview, by name. */
  public List<DnsChallenge> all(Purview purview) {
    return database.read(
        handle ->
            handle
                .createQuery(ALL + " WHERE true" + Purview.OF_ORGANISATION + " ORDER BY name")
                .bind(0, purview.organisations())
                .map((row, context) -> challenge(row))
                .list());
  }

  /**
   * Sets the texts of a name in place of those it has. Where not everything is within purview, the
   * name is one of a site that is: at or below its name in the zone, or a host of its own. A name
   * that has texts stays whose it is.
   */
  public Change<DnsChallenge> put(Purview purview, DnsChallenge wanted) {
    Optional<String> name = HostName.normalise(wanted.name()).filter(text -> !isLiteral(text));
    List<Problem> problems = problems(wanted, name);
    if (!problems.isEmpty() || name.isEmpty()) {
      return new Change.Invalid<>(problems);
    }
    DnsChallenge sound = new DnsChallenge(name.get(), wanted.texts(), wanted.ttlSeconds());
    Change<DnsChallenge> change = database.inTransaction(handle -> put(handle, purview, sound));
    numbers.wake();
    return change;
  }

  private Change<DnsChallenge> put(Handle handle, Purview purview, DnsChallenge wanted) {
    if (!isServed(handle, purview, wanted.name())) {
      return new Change.Invalid<>(List.of(new Problem("name", elsewhere(purview))));
    }
    // One after the other, so that no two take the last place.
    handle.execute("LOCK TABLE dns_challenge IN SHARE ROW EXCLUSIVE MODE");
    Optional<String> had = whose(handle, wanted.name());
    String organisation = purview.organisation().or(() -> had).orElse(Organisation.FIRST);
    if (!had.orElse(organisation).equals(organisation)) {
      String reason = "has texts of somebody else: ask the network's operator to remove them";
      return new Change.Conflict<>(new Problem("name", reason));
    }
    int most = purview.isAll() ? DnsChallenge.MOST_NAMES : DnsChallenge.MOST_NAMES_OF_ONE;
    if (others(handle, "=", organisation, wanted.name()) >= most
        || (!purview.isAll()
            && others(handle, "<>", Organisation.FIRST, wanted.name())
                >= DnsChallenge.MOST_NAMES)) {
      return new Change.Conflict<>(
          new Problem(
              "name",
              "would be one more than the %d that may have challenges: remove old ones"
                  .formatted(most)));
    }
    boolean same =
        handle
            .createQuery(ALL + " WHERE name = ?")
            .bind(0, wanted.name())
            .map((row, context) -> challenge(row))
            .findOne()
            .filter(wanted::equals)
            .isPresent();
    handle.execute(
        "INSERT INTO dns_challenge (name, texts, ttl_seconds, organisation) VALUES (?, ?, ?, ?)"
            + " ON CONFLICT (name) DO UPDATE SET texts = excluded.texts, set_at = now(),"
            + " ttl_seconds = excluded.ttl_seconds",
        wanted.name(),
        wanted.texts().toArray(String[]::new),
        wanted.ttlSeconds(),
        organisation);
    if (same) {
      AuditLog.unchanged();
    } else {
      AuditLog.note(handle, wanted.name(), organisation);
    }
    return new Change.Committed<>(wanted, 0);
  }

  private static Optional<String> whose(Handle handle, String name) {
    return handle
        .createQuery("SELECT organisation FROM dns_challenge WHERE name = ?")
        .bind(0, name)
        .mapTo(String.class)
        .findOne();
  }

  /** Other names of an organisation, or of all but one: operators' are counted apart. */
  private static int others(Handle handle, String equal, String organisation, String name) {
    return handle
        .createQuery(
            "SELECT count(*) FROM dns_challenge WHERE name <> ? AND organisation " + equal + " ?")
        .bind(0, name)
        .bind(1, organisation)
        .mapTo(Integer.class)
        .one();
  }

  /**
   * Why a name has no texts in the DNS of this network, whoever sets them; empty where it may have.
   */
  public Optional<String> unanswered(String name) {
    return name.endsWith("." + zone) || siteHosts
        ? Optional.empty()
        : Optional.of(
            name + " is not answered by the DNS of this network: start it with --dns-site-hosts");
  }

  /**
   * Adds a text to those of a name, for an order that is held: once that is not, it goes.
   *
   * @return what is in the way; empty where it is there
   */
  public Optional<String> addText(AcmeSite site, String name, String text, int ttlSeconds) {
    Optional<String> problem =
        unanswered(name)
            .or(
                () ->
                    database.inTransaction(
                        handle -> addText(handle, site, name, text, ttlSeconds)));
    numbers.wake();
    return problem;
  }

  private static Optional<String> addText(
      Handle handle, AcmeSite site, String name, String text, int ttlSeconds) {
    Optional<String> problem = addText(handle, site.organisation(), name, text, ttlSeconds);
    if (problem.isEmpty()) {
      handle.execute(
          "INSERT INTO acme_text (name, text, organisation, site) VALUES (?, ?, ?, ?)"
              + " ON CONFLICT (name, text) DO UPDATE SET site = excluded.site,"
              + " organisation = excluded.organisation",
          name,
          text,
          site.organisation(),
          site.id());
    }
    return problem;
  }

  /** Takes the texts of orders away that nobody holds any more: who ran them was killed. */
  public void sweepTexts() {
    record Left(String organisation, String name, String text) {}
    database
        .read(
            handle ->
                handle
                    .createQuery(
                        "SELECT organisation, name, text FROM acme_text t WHERE NOT EXISTS"
                            + " (SELECT 1 FROM acme_site a WHERE a.site = t.site"
                            + " AND a.held_until > now()) AND NOT EXISTS (SELECT 1 FROM own_order"
                            + " o WHERE o.site = t.site AND o.held_until > now())")
                    .map(
                        (row, context) ->
                            new Left(row.getString(1), row.getString(2), row.getString(3)))
                    .list())
        .forEach(left -> removeText(left.organisation(), left.name(), left.text()));
  }

  private static Optional<String> addText(
      Handle handle, String organisation, String name, String text, int ttlSeconds) {
    handle.execute("LOCK TABLE dns_challenge IN SHARE ROW EXCLUSIVE MODE");
    Optional<String> had = whose(handle, name);
    if (had.isPresent() && !had.get().equals(organisation)) {
      return Optional.of(name + " has texts of somebody else");
    }
    if (had.isEmpty() && others(handle, "=", organisation, name) >= DnsChallenge.MOST_NAMES) {
      return Optional.of("too many names have texts: remove old ones");
    }
    handle.execute(
        "INSERT INTO dns_challenge AS d (name, texts, ttl_seconds, organisation)"
            + " VALUES (?, ARRAY[?], ?, ?) ON CONFLICT (name) DO UPDATE SET"
            + " texts = array_remove(d.texts, ?) || excluded.texts, set_at = now()",
        name,
        text,
        ttlSeconds,
        organisation,
        text);
    int texts =
        handle
            .createQuery("SELECT cardinality(texts) FROM dns_challenge WHERE name = ?")
            .bind(0, name)
            .mapTo(Integer.class)
            .one();
    if (texts > DnsChallenge.MOST_TEXTS) {
      handle.rollback();
      return Optional.of(name + " has too many texts: remove old ones");
    }
    return Optional.empty();
  }

  /** Takes one text of a name away, and the name with its last one. */
  public void removeText(String organisation, String name, String text) {
    database.inTransaction(
        handle -> {
          handle.execute("LOCK TABLE dns_challenge IN SHARE ROW EXCLUSIVE MODE");
          handle.execute("DELETE FROM acme_text WHERE name = ? AND text = ?", name, text);
          handle.execute(
              "UPDATE dns_challenge SET texts = array_remove(texts, ?)"
                  + " WHERE name = ? AND organisation = ?",
              text,
              name,
              organisation);
          return handle.execute(
              "DELETE FROM dns_challenge WHERE name = ? AND cardinality(texts) = 0", name);
        });
    numbers.wake();
  }

  /** Removes all texts of a name that is within purview. */
  public Change<DnsChallenge> remove(Purview purview, String text) {
    String name = HostName.normalise(text).orElse("");
    Change<DnsChallenge> change = database.inTransaction(handle -> remove(handle, purview, name));
    numbers.wake();
    return change;
  }

  private static Change<DnsChallenge> remove(Handle handle, Purview purview, String name) {
    Optional<String> whose = whose(handle, name);
    return handle
        .createQuery(
            "DELETE FROM dns_challenge WHERE name = ?"
                + Purview.OF_ORGANISATION
                + " RETURNING name, texts, ttl_seconds")
        .bind(0, name)
        .bind(1, purview.organisations())
        .map((row, context) -> challenge(row))
        .findOne()
        .<Change<DnsChallenge>>map(
            found -> {
              AuditLog.note(handle, name, whose.orElse(Organisation.FIRST));
              return new Change.Committed<>(found, 0);
            })
        .orElseGet(Change.Unknown::new);
  }

  private static List<Problem> problems(DnsChallenge wanted, Optional<String> name) {
    List<Problem> problems = new ArrayList<>();
    if (name.isEmpty()) {
      problems.add(new Problem("name", "is no host name: " + wanted.name()));
    }
    List<String> texts = wanted.texts();
    if (texts.isEmpty() || texts.size() > DnsChallenge.MOST_TEXTS) {
      problems.add(new Problem("texts", "must be 1 to " + DnsChallenge.MOST_TEXTS));
    }
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      boolean plain = text.chars().allMatch(c -> c >= ' ' && c < 0x7f);
      if (!plain || text.isEmpty() || text.length() > DnsChallenge.TEXT_LENGTH) {
        problems.add(
            new Problem(
                "texts[" + i + "]",
                "must be 1 to %d visible characters".formatted(DnsChallenge.TEXT_LENGTH)));
      }
    }
    if (wanted.ttlSeconds() < 1 || wanted.ttlSeconds() > DnsChallenge.MOST_TTL) {
      problems.add(new Problem("ttlSeconds", "must be 1 to " + DnsChallenge.MOST_TTL));
    }
    return problems;
  }

  private static boolean isLiteral(String host) {
    return host.startsWith("[") || host.matches("[0-9.]+");
  }

  private String elsewhere(Purview purview) {
    String own = "is not within a site's name in %s%s, of a site of yours";
    String any = "is not within %s%s";
    return (purview.isAll() ? any : own)
        .formatted(zone, siteHosts ? ", nor within a host of a site" : "");
  }

  /**
   * Whether a name may have texts within purview. In the zone the site decides whose name it is
   * within. Elsewhere the nearest hosts of sites do, and all of them: whoever has the host that is
   * to be certified, and whoever has the wildcard below it, which the same record certifies.
   */
  private boolean isServed(Handle handle, Purview purview, String name) {
    if (name.equals(zone) || name.endsWith("." + zone)) {
      return purview.isAll() || isOfSite(handle, purview, name);
    }
    String host = name;
    while (host.startsWith("_") && host.indexOf('.') > 0) {
      host = host.substring(host.indexOf('.') + 1);
    }
    while (siteHosts && host.indexOf('.') > 0) {
      List<Boolean> nearest = nearest(handle, purview, host);
      if (!nearest.isEmpty()) {
        return nearest.stream().allMatch(own -> own);
      }
      host = host.substring(host.indexOf('.') + 1);
    }
    return false;
  }

  private boolean isOfSite(Handle handle, Purview purview, String name) {
    String labels = name.equals(zone) ? "" : name.substring(0, name.length() - zone.length() - 1);
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT 1 FROM site s WHERE s.removed_at IS NULL AND s.id = ?"
                + Purview.OF_SITES
                + ")")
        .bind(0, labels.substring(labels.lastIndexOf('.') + 1))
        .bind(1, purview.organisations())
        .bind(2, purview.siteIds())
        .mapTo(Boolean.class)
        .one();
  }

  /**
   * Of a host, or else of the wildcard above it, and of the one below it: whether it is in view.
   */
  private static List<Boolean> nearest(Handle handle, Purview purview, String host) {
    String above = "*" + host.substring(host.indexOf('.'));
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT 1 FROM site s WHERE s.id = h.site"
                + Purview.OF_SITES
                + ") FROM site_host h WHERE h.host = ? OR h.host = ? OR (h.host = ? AND NOT EXISTS"
                + " (SELECT 1 FROM site_host e WHERE e.host = ?))")
        .bind(0, purview.organisations())
        .bind(1, purview.siteIds())
        .bind(2, host)
        .bind(3, "*." + host)
        .bind(4, above)
        .bind(5, host)
        .mapTo(Boolean.class)
        .list();
  }

  private static DnsChallenge challenge(ResultSet row) throws SQLException {
    return new DnsChallenge(
        row.getString(1), List.of((String[]) row.getArray(2).getArray()), row.getInt(3));
  }
}
