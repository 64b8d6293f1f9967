package dev.perigee.control.steer;

import dev.perigee.control.steer.Globe.Direction;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.store.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Where nodes stand: those of one region and country that are near each other are one place, as to
 * readers they are equally far. What changes often, such as health, is no part of it.
 *
 * @param places in the order of their first nodes' names
 */
record Placement(List<Place> places) {
  static final Placement NONE = new Placement(List.of());

  /** How far the nodes of a place are from its first. */
  private static final double REACH_KM = 25;

  Placement {
    places = List.copyOf(places);
  }

  /**
   * Nodes of one place.
   *
   * @param country ISO 3166-1 alpha-2; empty where unknown
   * @param at where its first node stands
   * @param nodes their names, in order
   */
  record Place(
      String region, String country, Position at, Direction direction, List<String> nodes) {
    Place {
      nodes = List.copyOf(nodes);
    }
  }

  /** Where these nodes stand; their countries, where nobody gave them, by their addresses. */
  static Placement of(List<Node> nodes, GeoLocator locator) {
    List<Node> sorted = nodes.stream().sorted(Comparator.comparing(Node::name)).toList();
    List<Place> places = new ArrayList<>();
    for (Node node : sorted) {
      String country = country(node, locator);
      int near = near(places, node, country);
      if (near < 0) {
        places.add(
            new Place(
                node.region(),
                country,
                position(node),
                Direction.of(node.latitude(), node.longitude()),
                List.of(node.name())));
      } else {
        Place place = places.get(near);
        List<String> names = new ArrayList<>(place.nodes());
        names.add(node.name());
        places.set(near, new Place(place.region(), country, place.at(), place.direction(), names));
      }
    }
    return new Placement(places);
  }

  private static int near(List<Place> places, Node node, String country) {
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      if (place.region().equals(node.region())
          && place.country().equals(country)
          && Globe.distanceKm(place.at(), position(node)) <= REACH_KM) {
        return i;
      }
    }
    return -1;
  }

  static Position position(Node node) {
    return new Position(node.latitude(), node.longitude());
  }

  static String country(Node node, GeoLocator locator) {
    if (!node.country().isEmpty()) {
      return node.country();
    }
    return node.addresses().stream()
        .flatMap(address -> locator.locate(address).stream())
        .map(GeoLocator.Location::country)
        .filter(country -> !country.isEmpty())
        .findFirst()
        .orElse("");
  }
}
