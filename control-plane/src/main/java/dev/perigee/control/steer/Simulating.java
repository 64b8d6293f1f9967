package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.GeoTree.Spot;
import dev.perigee.control.steer.NearestSteering.State;
import dev.perigee.control.steer.Simulation.Distances;
import dev.perigee.control.steer.Simulation.Share;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One simulation: the choice for many clients, as things are and with some nodes draining. */
final class Simulating {
  private final NearestSteering steering;
  private final State now;
  private final SiteConfig site;

  Simulating(NearestSteering steering, State now, SiteConfig site) {
    this.steering = steering;
    this.now = now;
    this.site = site;
  }

  /**
   * Simulates.
   *
   * @param clients none for some of all countries that the GeoIP file has
   * @param failing names of nodes or regions
   */
  Simulation simulate(List<InetAddress> clients, Set<String> failing) {
    List<InetAddress> all = clients.isEmpty() ? world() : clients;
    Map<String, Integer> before = new HashMap<>();
    Map<String, Integer> after = new HashMap<>();
    Distances near = run(now, all, before);
    Distances far = run(without(failing), all, after);
    List<Share> shares =
        now.snapshot().nodes().stream()
            .map(SteeredNode::node)
            .sorted(Comparator.comparing(Node::name))
            .map(
                node ->
                    new Share(
                        node.name(),
                        node.region(),
                        before.getOrDefault(node.name(), 0),
                        after.getOrDefault(node.name(), 0)))
            .toList();
    return new Simulation(all.size(), near, far, shares);
  }

  /** As now, but for nodes that are not there any more. */
  private State without(Set<String> failing) {
    List<SteeredNode> left =
        now.snapshot().nodes().stream()
            .filter(one -> !failing.contains(one.node().name()))
            .filter(one -> !failing.contains(one.node().region()))
            .toList();
    SteeringSnapshot snapshot =
        new SteeringSnapshot(left, now.snapshot().table(), now.snapshot().revision());
    return now.with(snapshot, now.roster().only(snapshot));
  }

  private Distances run(State state, List<InetAddress> clients, Map<String, Integer> counts) {
    double[] km = new double[clients.size()];
    Choice chosen = new Choice();
    int known = 0;
    int unanswered = 0;
    for (InetAddress client : clients) {
      byte[] address = client.getAddress();
      steering.choose(state, address, site, NodeChoice.keyOf(site), chosen);
      if (chosen.count() == 0) {
        unanswered++;
        continue;
      }
      Node node = chosen.node(0);
      counts.merge(node.name(), 1, Integer::sum);
      Optional<Position> at =
          steering.locator().locate(client).map(l -> new Position(l.latitude(), l.longitude()));
      if (at.isPresent()) {
        km[known++] = Globe.distanceKm(at.get(), Placement.position(node));
      }
    }
    Arrays.sort(km, 0, known);
    return new Distances(
        known == 0 ? -1 : Math.round(km[known / 2]),
        known == 0 ? -1 : Math.round(km[known * 95 / 100]),
        unanswered);
  }

  /** Clients of all countries: as many of each, of networks spread over all that it has. */
  private List<InetAddress> world() {
    GeoTree geo = now.courses() == null ? GeoTree.NONE : now.courses().geo();
    Map<String, List<InetAddress>> networks = new HashMap<>();
    collect(geo, geo.networks().root4(), new byte[Integer.BYTES], 0, networks);
    collect(geo, geo.networks().root6(), new byte[16], 0, networks);
    List<InetAddress> clients = new ArrayList<>();
    int each = networks.isEmpty() ? 0 : Simulation.WORLD / networks.size();
    for (List<InetAddress> of : networks.values()) {
      for (int i = 0; i < each; i++) {
        clients.add(of.get((int) ((long) i * of.size() / each)));
      }
    }
    return clients;
  }

  private static void collect(
      GeoTree geo, int at, byte[] address, int depth, Map<String, List<InetAddress>> networks) {
    if (at < 0) {
      Spot spot = geo.places().get(~at);
      if (spot.isKnown() && !spot.country().isEmpty()) {
        networks
            .computeIfAbsent(spot.country(), any -> new ArrayList<>())
            .add(NearestSteering.address(address));
      }
      return;
    }
    byte[] right = address.clone();
    right[depth >> 3] |= (byte) (0x80 >> (depth & 7));
    collect(geo, geo.networks().child(at, 0), address, depth + 1, networks);
    collect(geo, geo.networks().child(at, 1), right, depth + 1, networks);
  }
}
