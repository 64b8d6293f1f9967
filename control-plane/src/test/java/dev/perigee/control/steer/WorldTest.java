package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SteeringPolicy;
import dev.perigee.control.steer.GeoTree.Spot;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A world of readers, over all countries of the shipped database, goes to the nearest of 20 nodes.
 */
final class WorldTest {
  private static final int CLIENTS = 100_000;
  private static final SiteConfig SITE = Fixtures.site("all", List.of("all.example"));
  private static final double[][] CITIES = {
    {50.11, 8.68}, {39.04, -77.49}, {1.35, 103.82}, {35.68, 139.69}, {-23.55, -46.63},
    {37.34, -121.89}, {51.51, -0.13}, {-33.87, 151.21}, {19.08, 72.88}, {-26.20, 28.05},
    {25.20, 55.27}, {41.88, -87.63}, {59.33, 18.07}, {40.42, -3.70}, {22.32, 114.17},
    {-34.60, -58.38}, {6.52, 3.38}, {4.71, -74.07}, {55.75, 37.62}, {32.78, -96.80}
  };

  /** A client and where it is. */
  private record Client(InetAddress address, Spot spot) {}

  private static List<SteeredNode> nodes() {
    List<SteeredNode> nodes = new ArrayList<>();
    for (int i = 0; i < CITIES.length; i++) {
      Node node = Fixtures.node("n" + i, "r" + i, CITIES[i][0], CITIES[i][1]);
      nodes.add(Fixtures.serving(node));
    }
    return nodes;
  }

  /** As many of each country, of networks drawn from all that it has. */
  private static List<Client> clients(GeoTree geo, Random random) {
    Map<String, List<Client>> networks = new TreeMap<>();
    collect(geo, geo.networks().root4(), new byte[4], 0, networks);
    collect(geo, geo.networks().root6(), new byte[16], 0, networks);
    List<List<Client>> countries = List.copyOf(networks.values());
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      List<Client> of = countries.get(i % countries.size());
      clients.add(of.get(random.nextInt(of.size())));
    }
    assertTrue(countries.size() > 200, countries.size() + " countries");
    return clients;
  }

  private static void collect(
      GeoTree geo, int at, byte[] address, int depth, Map<String, List<Client>> networks) {
    if (at < 0) {
      Spot spot = geo.places().get(~at);
      if (spot.isKnown() && !spot.country().isEmpty()) {
        networks
            .computeIfAbsent(spot.country(), any -> new ArrayList<>())
            .add(new Client(NearestSteering.address(address), spot));
      }
      return;
    }
    byte[] right = address.clone();
    right[depth >> 3] |= (byte) (0x80 >> (depth & 7));
    collect(geo, geo.networks().child(at, 0), address.clone(), depth + 1, networks);
    collect(geo, geo.networks().child(at, 1), right, depth + 1, networks);
  }

  private static double km(Spot spot, Node node) {
    return Globe.distanceKm(
        new Position(spot.latitude(), spot.longitude()), Placement.position(node));
  }

  @Test
  void theMedianDistanceIsWithin5PercentOfTheIdeal() throws IOException {
    GeoFile file = GeoFile.of(GeoKind.CITY, Files.readAllBytes(Path.of("geo/perigee-city.mmdb")));
    GeoTree geo = GeoTree.of(file);
    NearestSteering steering =
        new NearestSteering(GeoLocator.unknown(), NearestSteering.DEFAULT_POSITION);
    steering.swap(new SteeringSnapshot(nodes(), List.of(SITE), 1));
    steering.courses(Courses.of(steering.state(), geo, NearestSteering.DEFAULT_POSITION, null));
    long seed = System.nanoTime();
    List<Client> clients = clients(geo, new Random(seed));
    double[] gone = new double[CLIENTS];
    double[] ideal = new double[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
      Client client = clients.get(i);
      byte[] address = client.address().getAddress();
      Node node = steering.choose(address, 8 * address.length, SITE, 7).nodes().getFirst();
      gone[i] = km(client.spot(), node);
      ideal[i] = nodes().stream().mapToDouble(one -> km(client.spot(), one.node())).min().orElse(0);
    }
    Arrays.sort(gone);
    Arrays.sort(ideal);
    String what =
        "seed %d: median %.1f km, ideal %.1f km, p99 %.1f and %.1f km"
            .formatted(
                seed,
                gone[CLIENTS / 2],
                ideal[CLIENTS / 2],
                gone[CLIENTS * 99 / 100],
                ideal[CLIENTS * 99 / 100]);
    System.out.println(what);
    assertTrue(gone[CLIENTS / 2] <= 1.05 * ideal[CLIENTS / 2], what);
  }

  /**
   * With places of several nodes a site's readers share as many of them as it wants, and no more.
   */
  @Test
  void asManyNodesOfAPlaceShareASiteAsItWants() {
    NearestSteering steering =
        new NearestSteering(Fixtures.at(50, 8, 24), NearestSteering.DEFAULT_POSITION);
    List<SteeredNode> nodes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      nodes.add(Fixtures.serving(Fixtures.node("fra-" + i, "eu", 50.11, 8.68)));
    }
    SiteConfig wants3 = SITE.withSteering(new SteeringPolicy(List.of(), List.of(), 30, 3));
    steering.swap(new SteeringSnapshot(nodes, List.of(wants3), 1));
    Map<String, Integer> counts = new TreeMap<>();
    Random random = new Random(5);
    for (int i = 0; i < 9_000; i++) {
      byte[] address = new byte[4];
      random.nextBytes(address);
      Choice chosen = steering.choose(address, 32, wants3, 11);
      counts.merge(chosen.nodes().getFirst().name(), 1, Integer::sum);
      assertEquals(3, chosen.nodes().stream().distinct().count());
    }
    assertEquals(3, counts.size(), counts.toString());
    counts.values().forEach(count -> assertTrue(count > 2_700 && count < 3_300, counts.toString()));
  }
}
