package dev.perigee.control.store;

import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Optional;

/** The registered sites. Calls block; a broken database is a {@link StoreException}. */
public interface SiteStore {
  /**
   * Registers a site. The id in {@code site} is a wish: where it is empty one is derived from the
   * first host, unique and never used before.
   */
  Change<SiteConfig> add(SiteConfig site);

  /** Replaces a site's settings; its id stays. */
  Change<SiteConfig> replace(SiteConfig site);

  Change<SiteConfig> remove(String id);

  /** The site with this id. */
  Optional<SiteConfig> byId(String id);

  /** The site that lists exactly this host or wildcard. */
  Optional<SiteConfig> byHost(String host);

  /** All sites, by id. */
  List<SiteConfig> all();
}
