package dev.perigee.control.steer;

import dev.perigee.control.steer.NearestSteering.State;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Course} for each of the audiences that most sites have, made for where the nodes stand,
 * for the zones and for a GeoIP file; immutable.
 */
final class Courses {
  /** Audiences that have a course; sites of the others are steered without. */
  static final int MOST = 32;

  private final Placement placement;
  private final ZoneList zones;
  private final GeoTree geo;
  private final Map<Audience, Course> byAudience;

  private Courses(
      Placement placement, ZoneList zones, GeoTree geo, Map<Audience, Course> byAudience) {
    this.placement = placement;
    this.zones = zones;
    this.geo = geo;
    this.byAudience = Map.copyOf(byAudience);
  }

  /**
   * The courses for what there is now.
   *
   * @param before what of it can be kept
   */
  static Courses of(State now, GeoTree geo, Steering.Position unknown, @Nullable Courses before) {
    boolean keep =
        before != null && before.isFor(now) && before.geo.version().equals(geo.version());
    Map<Audience, Course> all = new HashMap<>();
    for (Audience audience : wanted(now)) {
      Course known = keep && before != null ? before.byAudience.get(audience) : null;
      all.put(
          audience,
          known == null
              ? Course.of(
                  new OrderPolicy(now.placement(), audience, unknown),
                  now.zones(),
                  now.zoneTree(),
                  geo)
              : known);
    }
    return new Courses(now.placement(), now.zones(), geo, all);
  }

  private static List<Audience> wanted(State now) {
    Map<Audience, Integer> counts = new HashMap<>(now.snapshot().table().audiences());
    counts.put(Audience.ALL, Integer.MAX_VALUE);
    return counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(MOST)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Whether these are all that there should be. */
  boolean isCurrent(State now, GeoTree known) {
    return isFor(now)
        && geo.version().equals(known.version())
        && byAudience.keySet().containsAll(wanted(now));
  }

  @SuppressWarnings(
      "ReferenceEquality") // asked for each query; both stay the same until they change
  private boolean isFor(State now) {
    return placement == now.placement() && zones == now.zones();
  }

  /** The course of an audience; null where there is none for what is now. */
  @Nullable Course course(Audience audience, State now) {
    return isFor(now) ? byAudience.get(audience) : null;
  }

  GeoTree geo() {
    return geo;
  }

  /** Bytes of memory that all of them take. */
  long bytes() {
    return byAudience.values().stream().mapToLong(Course::bytes).sum();
  }
}
