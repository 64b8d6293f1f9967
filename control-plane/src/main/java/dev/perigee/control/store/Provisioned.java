package dev.perigee.control.store;

import dev.perigee.control.store.SiteStore.Steered;
import java.util.List;

/**
 * What the database says of all that readers are steered by.
 *
 * @param revision as of which that is, at least
 */
public record Provisioned(
    List<Node> nodes, List<Steered> sites, List<CoverageZone> zones, long revision) {
  /** Copies the collections. */
  public Provisioned {
    nodes = List.copyOf(nodes);
    sites = List.copyOf(sites);
    zones = List.copyOf(zones);
  }
}
