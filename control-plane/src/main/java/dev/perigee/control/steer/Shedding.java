package dev.perigee.control.steer;

import dev.perigee.control.steer.Placement.Place;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How much of what comes to each node it keeps: all, until it nears what it can do or has far more
 * than the others of its place, then as much less as brings it back. Steps are a window of time
 * apart, because readers follow a step only when their resolvers ask again; between the load that
 * takes from the share and the load that gives to it lies a band in which nothing moves. Where no
 * node has room nothing is shed: it would only go round.
 *
 * <p>Windows are those of the wall clock, so that several control planes step together.
 */
final class Shedding {
  /** Seconds from step to step: half a minute's TTL and a minute's average of load. */
  static final long WINDOW_SECONDS = 60;

  /** A node sheds above this load. */
  static final double HIGH = 0.85;

  /** It is brought to this load. */
  static final double AIM = 0.75;

  /** It takes back below this load, and takes others' readers. */
  static final double LOW = 0.65;

  /** In a place, a node sheds above so many times the mean load: bounded load. */
  static final double BOUND = 1.25;

  /** But not below this load. */
  static final double LEAST_BOUND = 0.5;

  /** A step takes at most half, and gives back at most a quarter. */
  private static final double MOST_DOWN = 0.5;

  private static final double MOST_UP = 1.25;
  private static final double LEAST = 0.02;

  private final Map<String, Double> kept = new HashMap<>();
  private final Set<String> full = new HashSet<>();
  private long window = Long.MIN_VALUE;

  /**
   * What a node keeps.
   *
   * @param kept share of what comes to it, 0 to 1
   * @param hasRoom whether others' readers may be sent to it
   */
  record Share(double kept, boolean hasRoom) {
    static final Share ALL = new Share(1, true);
  }

  /**
   * The shares now.
   *
   * @param loads of the nodes that serve, 0 idle to 1 full
   */
  Map<String, Share> shares(Map<String, Double> loads, Placement placement, Instant now) {
    long current = Math.floorDiv(now.getEpochSecond(), WINDOW_SECONDS);
    if (window == Long.MIN_VALUE) {
      window = current;
    }
    kept.keySet().retainAll(loads.keySet());
    full.retainAll(loads.keySet());
    Map<String, Double> limits = limits(loads, placement);
    loads.forEach((node, load) -> fill(node, load, limits.getOrDefault(node, HIGH)));
    if (current > window) {
      window = current;
      boolean room = full.size() < loads.size();
      loads.forEach((node, load) -> step(node, load, limits.getOrDefault(node, HIGH), room));
    }
    Map<String, Share> shares = new HashMap<>();
    loads
        .keySet()
        .forEach(
            node ->
                shares.put(node, new Share(kept.getOrDefault(node, 1.0), !full.contains(node))));
    return shares;
  }

  /** Full is who is above the limit, and until the load is well below it. */
  private void fill(String node, double load, double limit) {
    if (load > limit) {
      full.add(node);
    } else if (load < limit * LOW / HIGH) {
      full.remove(node);
    }
  }

  private void step(String node, double load, double limit, boolean room) {
    double share = kept.getOrDefault(node, 1.0);
    double aim = limit * AIM / HIGH;
    double factor = 1;
    if (load > limit && room) {
      factor = Math.max(MOST_DOWN, aim / load);
    } else if (load < limit * LOW / HIGH) {
      factor = Math.min(MOST_UP, aim / Math.max(LEAST, load));
    }
    double next = Math.max(LEAST, share * factor);
    if (next >= 1) {
      kept.remove(node);
    } else {
      kept.put(node, next);
    }
  }

  private static Map<String, Double> limits(Map<String, Double> loads, Placement placement) {
    Map<String, Double> limits = new HashMap<>();
    for (Place place : placement.places()) {
      List<String> serving = place.nodes().stream().filter(loads::containsKey).toList();
      double mean = serving.stream().mapToDouble(loads::get).average().orElse(0);
      double bound = Math.min(HIGH, Math.max(LEAST_BOUND, BOUND * mean));
      serving.forEach(node -> limits.put(node, serving.size() < 2 ? HIGH : bound));
    }
    return limits;
  }
}
