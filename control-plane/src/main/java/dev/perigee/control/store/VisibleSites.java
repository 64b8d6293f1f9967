package dev.perigee.control.store;

import dev.perigee.contract.HostName;
import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Optional;

/** Sites as somebody may see them: looked up by way of whom they belong to. */
public final class VisibleSites {
  private static final String NAMED =
      " AND (s.id = ? OR s.id = (SELECT h.site FROM site_host h WHERE h.host = ?))";

  /** Where a name is one site's id and another one's host, the id counts. */
  private static final String ID_FIRST = " ORDER BY s.id <> ? LIMIT 1";

  private final Database database;

  public VisibleSites(Database database) {
    this.database = database;
  }

  /**
   * A site with whose it is.
   *
   * @param revision of its newest change
   */
  public record Held(SiteConfig site, String organisation, long revision) {
    public String id() {
      return site.id();
    }
  }

  /**
   * Which of the sites are wanted.
   *
   * @param host that they list
   * @param region that serves them because it is named
   * @param after id behind which they begin
   */
  public record Wanted(
      Optional<String> organisation,
      Optional<String> host,
      Optional<String> region,
      Optional<String> after,
      int most) {
    private static final int PAGE = 1_000;

    /** Any, behind this one, as many as are looked for at once. */
    public static Wanted behind(Optional<String> after) {
      return new Wanted(Optional.empty(), Optional.empty(), Optional.empty(), after, PAGE);
    }
  }

  /** The sites that are wanted and within purview, by id. */
  public List<Held> page(Purview purview, Wanted wanted) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    PostgresSiteStore.HELD
                        + Purview.OF_SITES
                        + " AND s.id > coalesce(?, '')"
                        + " AND s.organisation = coalesce(?, s.organisation)"
                        + " AND (?::text IS NULL OR ? = ANY (s.regions))"
                        + " AND (?::text IS NULL OR s.id = (SELECT h.site FROM site_host h"
                        + " WHERE h.host = ?)) ORDER BY s.id LIMIT ?")
                .bind(0, purview.organisations())
                .bind(1, purview.siteIds())
                .bind(2, wanted.after().orElse(null))
                .bind(3, wanted.organisation().orElse(null))
                .bind(4, wanted.region().orElse(null))
                .bind(5, wanted.region().orElse(null))
                .bind(6, wanted.host().orElse(null))
                .bind(7, host(wanted))
                .bind(8, wanted.most())
                .map((row, context) -> PostgresSiteStore.held(row, context))
                .list());
  }

  private static String host(Wanted wanted) {
    return wanted.host().flatMap(HostName::normalisePattern).orElse("");
  }

  /** The site within view that has this id, or lists exactly this host or wildcard. */
  public Optional<Held> find(Purview purview, String name) {
    return database.read(
        handle ->
            handle
                .createQuery(PostgresSiteStore.HELD + NAMED + Purview.OF_SITES + ID_FIRST)
                .bind(0, text(name))
                .bind(1, HostName.normalisePattern(name).orElse(""))
                .bind(2, purview.organisations())
                .bind(3, purview.siteIds())
                .bind(4, text(name))
                .map((row, context) -> PostgresSiteStore.held(row, context))
                .findOne());
  }

  /** Id of the site within view that is called so; by its id a removed one's too. */
  public Optional<String> known(Purview purview, String name) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT s.id FROM site s WHERE true" + NAMED + Purview.OF_SITES + ID_FIRST)
                .bind(0, text(name))
                .bind(1, HostName.normalisePattern(name).orElse(""))
                .bind(2, purview.organisations())
                .bind(3, purview.siteIds())
                .bind(4, text(name))
                .mapTo(String.class)
                .findOne());
  }

  /** PostgreSQL refuses this character, and no name has it. */
  private static String text(String name) {
    return name.indexOf('\0') >= 0 ? "" : name;
  }
}
