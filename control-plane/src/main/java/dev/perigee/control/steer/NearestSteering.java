package dev.perigee.control.steer;

import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Steering to the nearest node by great-circle distance. */
public final class NearestSteering implements Steering {
  /** Where clients of unknown position are taken to be. */
  public static final Position DEFAULT_POSITION = new Position(39.04, -77.49);

  private static final double EARTH_RADIUS_KM = 6371.0088;

  private final GeoLocator locator;
  private final Position defaultPosition;
  private volatile SteeringSnapshot snapshot = SteeringSnapshot.empty();

  public NearestSteering(GeoLocator locator, Position defaultPosition) {
    this.locator = locator;
    this.defaultPosition = defaultPosition;
  }

  /** From now on answers come from {@code next}. */
  public void swap(SteeringSnapshot next) {
    snapshot = next;
  }

  public SteeringSnapshot snapshot() {
    return snapshot;
  }

  @Override
  public Explanation explain(InetAddress client, Optional<String> siteId) {
    var now = snapshot;
    var located = locator.locate(client);
    var position = located.map(at -> new Position(at.latitude(), at.longitude()));
    var from = position.orElse(defaultPosition);
    Predicate<SteeredNode> inRegion =
        n -> siteId.flatMap(now::site).map(s -> s.isServedIn(n.node().region())).orElse(true);
    Predicate<SteeredNode> healthy =
        inRegion.and(n -> n.node().enrolled() && n.serving() && !n.node().draining());
    Predicate<SteeredNode> awake = inRegion.and(n -> !n.node().draining());
    var eligible =
        List.of(healthy, awake, inRegion, n -> true).stream()
            .filter(rule -> now.nodes().stream().anyMatch(rule))
            .findFirst()
            .orElse(healthy);
    var candidates =
        now.nodes().stream()
            .map(n -> candidate(n, from, position.isPresent(), eligible.test(n), inRegion))
            .sorted(
                Comparator.comparing((Ranked r) -> !r.candidate().eligible())
                    .thenComparingDouble(Ranked::distanceKm)
                    .thenComparing(r -> r.candidate().node()))
            .map(Ranked::candidate)
            .toList();
    long choices = candidates.stream().filter(Candidate::eligible).count();
    int bits = client.getAddress().length * 8;
    return new Explanation(
        client,
        position,
        located.map(GeoLocator.Location::country).filter(c -> !c.isEmpty()),
        position.isPresent() ? "geoip" : "unknown",
        candidates,
        choices <= 1 ? 0 : located.map(GeoLocator.Location::prefixLength).orElse(bits),
        position.isEmpty() || now.nodes().stream().noneMatch(healthy));
  }

  private static Ranked candidate(
      SteeredNode n,
      Position from,
      boolean known,
      boolean eligible,
      Predicate<SteeredNode> region) {
    var node = n.node();
    double distance = distanceKm(from, new Position(node.latitude(), node.longitude()));
    return new Ranked(
        new Candidate(
            node.name(),
            node.region(),
            known ? Optional.of(distance) : Optional.empty(),
            eligible,
            reason(n, eligible, region),
            node.addresses(),
            node.httpPort(),
            node.httpsPort()),
        distance);
  }

  private static String reason(SteeredNode n, boolean eligible, Predicate<SteeredNode> region) {
    String state =
        !region.test(n)
            ? "does not serve the site's region"
            : n.node().draining()
                ? "is draining"
                : !n.node().enrolled()
                    ? "is not enrolled"
                    : !n.serving() ? "is not connected or not healthy" : "is serving";
    return eligible ? "In the running by distance: " + state + "." : "Out: " + state + ".";
  }

  /** Great-circle distance by the haversine formula. */
  static double distanceKm(Position a, Position b) {
    double phi = Math.toRadians(b.latitude() - a.latitude()) / 2;
    double lambda = Math.toRadians(b.longitude() - a.longitude()) / 2;
    double h =
        Math.pow(Math.sin(phi), 2)
            + Math.cos(Math.toRadians(a.latitude()))
                * Math.cos(Math.toRadians(b.latitude()))
                * Math.pow(Math.sin(lambda), 2);
    return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
  }

  private record Ranked(Candidate candidate, double distanceKm) {}
}
