package dev.perigee.control.api;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Purview;
import java.util.Optional;

/** Finds a site that somebody names, if whoever does may know of it. */
interface SiteFinder {
  /** A site within purview, by id or by one of its hosts. */
  Optional<SiteConfig> find(Purview purview, String name);
}
