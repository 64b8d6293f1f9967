package dev.perigee.control.steer;

import dev.perigee.control.steer.GeoTree.Spot;
import dev.perigee.control.steer.Globe.Direction;
import dev.perigee.control.steer.Placement.Place;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.store.CoverageZone;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The order of places for the clients of one audience: what a coverage zone names, within what the
 * site keeps its readers to, then the nearest. Only the first few are ordered by where the client
 * is, the rest by where the first of them is: so the networks that have one order stay large, and
 * who comes to the rest finds all that is near lost.
 */
final class OrderPolicy {
  /** Places that are ordered by the client's own position. */
  static final int NEAREST = 4;

  private final Placement placement;
  private final Audience audience;
  private final Position unknown;
  private final List<Integer> served = new ArrayList<>();
  private final boolean[] inside;

  /**
   * A policy.
   *
   * @param unknown where clients of unknown position are taken to be
   */
  OrderPolicy(Placement placement, Audience audience, Position unknown) {
    this.placement = placement;
    this.audience = audience;
    this.unknown = unknown;
    List<Place> places = placement.places();
    this.inside = new boolean[places.size()];
    for (int i = 0; i < places.size(); i++) {
      inside[i] = audience.isPinnedTo(places.get(i).country());
      if (audience.isServedIn(places.get(i).region())) {
        served.add(i);
      }
    }
  }

  /** The order for clients of a zone, if any, at a spot. */
  Order order(Optional<CoverageZone> zone, Spot spot) {
    boolean pinned = audience.isPinnedTo(spot.country());
    Position at = spot.isKnown() ? new Position(spot.latitude(), spot.longitude()) : unknown;
    Direction from = Direction.of(at.latitude(), at.longitude());
    List<Integer> entries = new ArrayList<>();
    int within = 0;
    if (pinned) {
      add(entries, served.stream().filter(place -> inside[place]).toList(), zone, from);
      within = entries.size();
      add(entries, served.stream().filter(place -> !inside[place]).toList(), zone, from);
    } else {
      add(entries, served, zone, from);
    }
    return new Order(entries.stream().mapToInt(Integer::intValue).toArray(), within, pinned);
  }

  private void add(
      List<Integer> entries, List<Integer> places, Optional<CoverageZone> zone, Direction from) {
    List<Integer> left = new ArrayList<>(places);
    zone.ifPresent(named -> named.targets().forEach(target -> take(entries, left, target, from)));
    nearest(entries, left, from, Math.min(NEAREST, left.size()));
    if (!left.isEmpty()) {
      Direction first = place(Order.placeOf(entries.getFirst())).direction();
      nearest(entries, left, first, left.size());
    }
  }

  /** What a zone's target names: one node, or a region's places, the nearest first. */
  private void take(List<Integer> entries, List<Integer> left, String target, Direction from) {
    for (int place : left) {
      int node = place(place).nodes().indexOf(target);
      if (node >= 0 && place(place).nodes().size() == 1) {
        entries.add(Order.entry(place));
        left.remove(Integer.valueOf(place));
        return;
      } else if (node >= 0) {
        entries.add(Order.entry(place, node));
        return;
      }
    }
    List<Integer> region = new ArrayList<>();
    left.stream().filter(place -> place(place).region().equals(target)).forEach(region::add);
    left.removeAll(region);
    nearest(entries, region, from, region.size());
  }

  /** Moves some places to the order, the nearest first; of equally near ones the first by name. */
  private void nearest(List<Integer> entries, List<Integer> left, Direction from, int count) {
    if (count == left.size()) {
      left.sort(Comparator.comparingDouble(place -> -place(place).direction().nearness(from)));
      entries.addAll(left);
      left.clear();
      return;
    }
    for (int taken = 0; taken < count; taken++) {
      int best = 0;
      double near = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < left.size(); i++) {
        double nearness = place(left.get(i)).direction().nearness(from);
        if (nearness > near) {
          best = i;
          near = nearness;
        }
      }
      entries.add(left.remove(/* index */ best));
    }
  }

  private Place place(int index) {
    return placement.places().get(index);
  }
}
