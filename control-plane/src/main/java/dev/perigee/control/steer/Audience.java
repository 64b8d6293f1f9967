package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Set;

/**
 * Sites whose readers are steered by the same rules.
 *
 * @param regions that serve them; empty for all
 * @param countries within which, together with the continents, readers from there stay
 * @param continents the same
 */
record Audience(Set<String> regions, Set<String> countries, Set<String> continents) {
  /** Of sites without rules. */
  static final Audience ALL = new Audience(Set.of(), Set.of(), Set.of());

  Audience {
    regions = Set.copyOf(regions);
    countries = Set.copyOf(countries);
    continents = Set.copyOf(continents);
  }

  static Audience of(SiteConfig site) {
    List<String> countries = site.steering().countries();
    List<String> continents = site.steering().continents();
    return site.regions().isEmpty() && countries.isEmpty() && continents.isEmpty()
        ? ALL
        : new Audience(site.regions(), Set.copyOf(countries), Set.copyOf(continents));
  }

  /** Whether nodes of a region serve these sites. */
  boolean isServedIn(String region) {
    return regions.isEmpty() || regions.contains(region);
  }

  /** Whether a country is one of those within which readers stay. */
  boolean isPinnedTo(String country) {
    return countries.contains(country) || continents.contains(Continents.of(country));
  }
}
