package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Steering to the nearest node by great-circle distance. */
public final class NearestSteering implements Steering, NodeChoice {
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
    SteeringSnapshot now = snapshot;
    Optional<GeoLocator.Location> located = locator.locate(client);
    Optional<Position> position = located.map(at -> new Position(at.latitude(), at.longitude()));
    Optional<SiteConfig> site = siteId.flatMap(now::site);
    Predicate<SteeredNode> serves =
        node -> site.map(s -> s.isServedIn(node.node().region())).orElse(true);
    Optional<Predicate<SteeredNode>> rule = rule(now.nodes(), serves);
    List<Ranked> ranked =
        now.nodes().stream()
            .map(node -> ranked(node, position, serves, rule))
            .sorted(
                Comparator.comparing((Ranked one) -> !one.eligible())
                    .thenComparingDouble(Ranked::distanceKm)
                    .thenComparing(one -> one.node().node().name()))
            .toList();
    long choices = ranked.stream().filter(Ranked::eligible).count();
    int bits = client.getAddress().length * 8;
    boolean anyHealthy = ranked.stream().anyMatch(one -> one.eligible() && isHealthy(one.node()));
    return new Explanation(
        client,
        position,
        located.map(GeoLocator.Location::country).filter(country -> !country.isEmpty()),
        position.isPresent() ? "geoip" : "unknown",
        candidates(ranked, position.isPresent()),
        choices <= 1 ? 0 : located.map(GeoLocator.Location::prefixLength).orElse(bits),
        position.isEmpty() || !anyHealthy);
  }

  @Override
  public Chosen choose(byte[] address, int bits, SiteConfig site, long key) {
    Explanation why = explain(address(address), Optional.of(site.id()));
    List<Node> nodes =
        why.chosen().flatMap(one -> snapshot.node(one.node())).map(List::of).orElse(List.of());
    return new Chosen(nodes, why.scopePrefix(), why.fallback());
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address has 4 or 16 bytes", e);
    }
  }

  /**
   * Who may be chosen: the healthy; where there is none, all as if they were healthy, for the fault
   * may be on this side; draining ones last. A node that does not serve the site never is: it would
   * refuse the request.
   */
  private static Optional<Predicate<SteeredNode>> rule(
      List<SteeredNode> nodes, Predicate<SteeredNode> serves) {
    Predicate<SteeredNode> enrolled = serves.and(node -> node.node().enrolled());
    Predicate<SteeredNode> awake = enrolled.and(node -> !node.node().draining());
    return List.of(serves.and(NearestSteering::isHealthy), awake, enrolled).stream()
        .filter(rule -> nodes.stream().anyMatch(rule))
        .findFirst();
  }

  private static boolean isHealthy(SteeredNode node) {
    return node.node().enrolled() && node.serving() && !node.node().draining();
  }

  private Ranked ranked(
      SteeredNode node,
      Optional<Position> client,
      Predicate<SteeredNode> serves,
      Optional<Predicate<SteeredNode>> rule) {
    Position at = new Position(node.node().latitude(), node.node().longitude());
    boolean eligible = rule.filter(r -> r.test(node)).isPresent();
    return new Ranked(
        node, distanceKm(client.orElse(defaultPosition), at), eligible, state(node, serves));
  }

  private static List<Candidate> candidates(List<Ranked> ranked, boolean known) {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < ranked.size(); i++) {
      Ranked one = ranked.get(i);
      Node node = one.node().node();
      candidates.add(
          new Candidate(
              node.name(),
              node.region(),
              known ? Optional.of(one.distanceKm()) : Optional.empty(),
              one.eligible(),
              reason(ranked, i, known),
              node.addresses(),
              node.httpPort(),
              node.httpsPort()));
    }
    return candidates;
  }

  /** Why this one won or lost, and by how much. */
  private static String reason(List<Ranked> ranked, int place, boolean known) {
    Ranked one = ranked.get(place);
    if (!one.eligible()) {
      return "Out: it " + one.state() + ".";
    }
    String from = known ? "" : " from where unknown clients are taken to be";
    if (place > 0) {
      Ranked first = ranked.getFirst();
      return "Lost to %s, which is %s%s; it %s."
          .formatted(first.node().node().name(), nearer(first, one, ""), from, one.state());
    }
    if (ranked.size() == 1 || !ranked.get(1).eligible()) {
      return "Chosen: the only one in the running; it " + one.state() + ".";
    }
    Ranked next = ranked.get(1);
    String other = next.node().node().name();
    return "Chosen: %s%s; it %s.".formatted(nearer(one, next, other), from, one.state());
  }

  /** By how much one is nearer than another, which is named or not. */
  private static String nearer(Ranked one, Ranked other, String name) {
    double more = other.distanceKm() - one.distanceKm();
    if (more == 0) {
      return name.isEmpty()
          ? "as near and first by name"
          : "as near as " + name + ", and first by name";
    }
    String by = more < 1 ? "less than 1 km nearer" : Math.round(more) + " km nearer";
    return name.isEmpty() ? by : "the nearest, " + by + " than " + name;
  }

  private static String state(SteeredNode node, Predicate<SteeredNode> serves) {
    if (!serves.test(node)) {
      return "does not serve this site";
    } else if (!node.node().enrolled()) {
      return "is not enrolled";
    } else if (node.node().draining()) {
      return "is draining";
    }
    return node.serving() ? "is serving" : "is not connected or not healthy";
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

  private record Ranked(SteeredNode node, double distanceKm, boolean eligible, String state) {}
}
