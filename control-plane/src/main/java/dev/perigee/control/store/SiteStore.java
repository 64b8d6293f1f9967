package dev.perigee.control.store;

import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** The registered sites. Calls block; a broken database is a {@link StoreException}. */
public interface SiteStore {
  /**
   * Registers a site. The id in {@code site} is a wish: where it is empty one is derived from the
   * first host, unique and never used before. Who is no operator gets ids that begin with the
   * organisation's.
   *
   * @param organisation that it belongs to
   */
  Change<SiteConfig> add(SiteConfig site, String organisation, Edit edit);

  /** The same, for the first organisation. */
  default Change<SiteConfig> add(SiteConfig site, Edit edit) {
    return add(site, Organisation.FIRST, edit);
  }

  /** The same, of which nothing else is known. */
  default Change<SiteConfig> add(SiteConfig site) {
    return add(site, Edit.PLAIN);
  }

  /** Replaces a site's settings; its id stays. */
  Change<SiteConfig> replace(SiteConfig site, Edit edit);

  /** The same, of which nothing else is known. */
  default Change<SiteConfig> replace(SiteConfig site) {
    return replace(site, Edit.PLAIN);
  }

  /** Puts the settings of an earlier revision in force: a new change, as the history shows. */
  Change<SiteConfig> rollBack(String id, long revision, Edit edit);

  Change<SiteConfig> remove(String id, Edit edit);

  /** The same, of which nothing else is known. */
  default Change<SiteConfig> remove(String id) {
    return remove(id, Edit.PLAIN);
  }

  /** Of the newest change of a site that exists. */
  OptionalLong revision(String id);

  /** The site with this id. */
  Optional<SiteConfig> byId(String id);

  /** The site that lists exactly this host or wildcard. */
  Optional<SiteConfig> byHost(String host);

  /** All sites, by id. */
  List<SiteConfig> all();

  /**
   * A site as steering needs it.
   *
   * @param site of which only id, hosts, regions and steering are read
   * @param revision of its newest change
   */
  record Steered(SiteConfig site, long revision) {}

  /** All sites as steering needs them. */
  List<Steered> steered();

  /** Those of these ids that exist. */
  List<Steered> steered(Set<String> ids);
}
