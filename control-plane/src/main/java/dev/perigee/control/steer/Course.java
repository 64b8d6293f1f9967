package dev.perigee.control.steer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order of places for every address, for the sites of one audience: the networks that have the
 * same one, each as large as it can be.
 */
final class Course {
  private final NetworkTree networks;
  private final List<Order> orders;

  private Course(NetworkTree networks, List<Order> orders) {
    this.networks = networks;
    this.orders = orders;
  }

  /** The course for an audience. */
  static Course of(OrderPolicy policy, ZoneList zones, NetworkTree zoneTree, GeoTree geo) {
    Numbering numbering = new Numbering(policy, zones, geo);
    NetworkTree networks = zoneTree.with(geo.networks(), numbering::number);
    return new Course(networks, List.copyOf(numbering.orders));
  }

  /** Gives each order a number, and finds it again by zone and spot. */
  private static final class Numbering {
    private final OrderPolicy policy;
    private final ZoneList zones;
    private final GeoTree geo;
    private final List<Order> orders = new ArrayList<>();
    private final Map<Order, Integer> numbers = new HashMap<>();
    private final Map<Long, Integer> ofZones = new HashMap<>();

    /** By spot, of clients of no zone: the number + 1. */
    private final int[] ofSpots;

    Numbering(OrderPolicy policy, ZoneList zones, GeoTree geo) {
      this.policy = policy;
      this.zones = zones;
      this.geo = geo;
      this.ofSpots = new int[geo.places().size()];
    }

    int number(int zone, int spot) {
      if (zone != 0) {
        long both = (long) zone << Integer.SIZE | spot;
        return ofZones.computeIfAbsent(both, any -> made(zone, spot));
      }
      if (ofSpots[spot] == 0) {
        ofSpots[spot] = made(0, spot) + 1;
      }
      return ofSpots[spot] - 1;
    }

    private int made(int zone, int spot) {
      Order order = policy.order(zones.zone(zone), geo.places().get(spot));
      int number = numbers.computeIfAbsent(order, any -> orders.size());
      if (number == orders.size()) {
        orders.add(order);
      }
      return number;
    }
  }

  /** The network of an address: {@link NetworkTree#find}. */
  long find(byte[] address) {
    return networks.find(address);
  }

  /** Its order. */
  Order order(long found) {
    return orders.get(NetworkTree.value(found));
  }

  /** Bytes of memory that its networks take. */
  long bytes() {
    return networks.bytes();
  }

  int orders() {
    return orders.size();
  }

  NetworkTree networks() {
    return networks;
  }
}
