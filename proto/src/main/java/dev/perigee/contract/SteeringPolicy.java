package dev.perigee.contract;

import java.util.List;

/**
 * How a site's readers are steered to nodes.
 *
 * @param countries readers in these are sent to nodes within this and {@code continents} together;
 *     ISO 3166-1 alpha-2. Empty, like the continents: to the nearest nodes, wherever they are
 * @param continents the same by continent: AF, AN, AS, EU, NA, OC or SA
 * @param ttlSeconds for how long resolvers keep the addresses they are told
 * @param nodesPerObject how many nodes of one region share the requests for one object, for one
 *     site where DNS steers, before load makes it more
 */
public record SteeringPolicy(
    List<String> countries, List<String> continents, int ttlSeconds, int nodesPerObject) {
  /** To the nearest, told for half a minute, two nodes for each object. */
  public static final SteeringPolicy DEFAULT = new SteeringPolicy(List.of(), List.of(), 30, 2);

  /** Copies the collections. */
  public SteeringPolicy {
    countries = List.copyOf(countries);
    continents = List.copyOf(continents);
  }

  /** Whether readers of some places stay within them. */
  public boolean isPinned() {
    return !countries.isEmpty() || !continents.isEmpty();
  }
}
