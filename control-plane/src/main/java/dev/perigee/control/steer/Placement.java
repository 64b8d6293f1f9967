package dev.perigee.control.steer;

import dev.perigee.control.steer.Globe.Direction;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.store.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    List<Founded> places = new ArrayList<>();
    for (Node node : sorted) {
      String country = country(node, locator);
      Founded near = near(places, node, country);
      if (near == null) {
        near = new Founded(node, country, new ArrayList<>());
        places.add(near);
      }
      near.nodes().add(node.name());
    }
    return new Placement(places.stream().map(Founded::place).toList());
  }

  /**
   * A place that nodes are still added to.
   *
   * @param nodes their names so far
   */
  private record Founded(Node first, String country, List<String> nodes) {
    Place place() {
      Direction direction = Direction.of(first.latitude(), first.longitude());
      return new Place(first.region(), country, position(first), direction, nodes);
    }
  }

  private static @Nullable Founded near(List<Founded> places, Node node, String country) {
    for (Founded place : places) {
      if (place.first().region().equals(node.region())
          && place.country().equals(country)
          && Globe.distanceKm(position(place.first()), position(node)) <= REACH_KM) {
        return place;
      }
    }
    return null;
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
