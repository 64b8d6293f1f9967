package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.perigee.contract.AddressRange;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SteeringPolicy;
import dev.perigee.control.steer.GeoTree.Spot;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.Node;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scope is the largest network with the same ordered list of nearest nodes (RFC 7871, section
 * 7.2.1), held to what comes of looking at every network there is.
 */
final class CourseTest {
  private static final Position UNKNOWN = new Position(39, -77);

  /** A network of a made-up world. */
  private record Leaf(InetAddress first, int depth, Spot spot) {
    byte[] address() {
      return first.getAddress();
    }
  }

  /** Networks of both families, spots, nodes and zones, all from one seed. */
  private static final class World {
    final Random random;
    final List<Spot> spots = new ArrayList<>(List.of(Spot.UNKNOWN));
    final List<Leaf> leaves = new ArrayList<>();
    final GeoTree geo;
    final List<SteeredNode> nodes = new ArrayList<>();
    final ZoneList zones;
    final NearestSteering steering;

    World(long seed, boolean withZones) {
      random = new Random(seed);
      for (int i = 0; i < 40; i++) {
        spots.add(
            new Spot(
                random.nextInt(160) - 80,
                random.nextInt(360) - 180,
                List.of("DE", "FR", "US", "BR", "JP").get(random.nextInt(5))));
      }
      NetworkTree.Builder builder = new NetworkTree.Builder();
      int four = grow(builder, new byte[4], 0);
      geo = new GeoTree("w", builder.build(four, grow(builder, new byte[16], 0)), spots);
      for (int i = 0; i < 12; i++) {
        Node node =
            Fixtures.node(
                "n" + i,
                "r" + random.nextInt(6),
                random.nextInt(160) - 80,
                random.nextInt(360) - 180);
        nodes.add(new SteeredNode(node, random.nextInt(4) > 0));
      }
      zones = withZones ? zones() : ZoneList.NONE;
      steering = new NearestSteering(this::locate, UNKNOWN);
      steering.zones(zones);
    }

    private int grow(NetworkTree.Builder builder, byte[] address, int depth) {
      if (depth < 3 || (depth < 20 && random.nextInt(100) < 60)) {
        int left = grow(builder, address.clone(), depth + 1);
        byte[] other = address.clone();
        other[depth >> 3] |= (byte) (0x80 >> (depth & 7));
        return builder.join(left, grow(builder, other, depth + 1));
      }
      int spot = random.nextInt(spots.size());
      leaves.add(new Leaf(NearestSteering.address(address), depth, spots.get(spot)));
      return NetworkTree.Builder.leaf(spot);
    }

    private ZoneList zones() {
      List<CoverageZone> made = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        byte[] address = address(i % 2 == 0 ? 4 : 16);
        int bits = 1 + random.nextInt(10);
        List<String> targets =
            List.of(
                random.nextBoolean() ? "n" + random.nextInt(12) : "r" + random.nextInt(6),
                "r" + random.nextInt(6));
        AddressRange network = new AddressRange(first(address, bits), bits);
        if (made.stream().noneMatch(zone -> zone.network().equals(network))) {
          made.add(new CoverageZone(network, targets));
        }
      }
      return new ZoneList(made);
    }

    byte[] address(int length) {
      byte[] address = new byte[length];
      random.nextBytes(address);
      return address;
    }

    private static InetAddress first(byte[] address, int bits) {
      byte[] cut = address.clone();
      for (int i = bits; i < 8 * cut.length; i++) {
        cut[i >> 3] &= (byte) ~(0x80 >> (i & 7));
      }
      return NearestSteering.address(cut);
    }

    /** Looked up anew in the list: what is tested is not asked. */
    Leaf leaf(byte[] address) {
      for (Leaf leaf : leaves) {
        if (overlaps(leaf.address(), address, leaf.depth())) {
          return leaf;
        }
      }
      throw new AssertionError("networks cover all addresses");
    }

    private Optional<GeoLocator.Location> locate(InetAddress address) {
      Leaf leaf = leaf(address.getAddress());
      Spot spot = leaf.spot();
      return spot.isKnown()
          ? Optional.of(
              new GeoLocator.Location(
                  spot.latitude(), spot.longitude(), spot.country(), leaf.depth()))
          : Optional.empty();
    }

    void plan(SiteConfig... sites) {
      steering.swap(new SteeringSnapshot(nodes, List.of(sites), 1));
      steering.courses(Courses.of(steering.state(), geo, UNKNOWN, null));
    }
  }

  private static boolean overlaps(byte[] a, byte[] b, int bits) {
    if (a.length != b.length) {
      return false;
    }
    for (int i = 0; i < bits; i++) {
      if (NetworkTree.bit(a, i) != NetworkTree.bit(b, i)) {
        return false;
      }
    }
    return true;
  }

  private static SiteConfig site(String id, SteeringPolicy policy, String... regions) {
    return Fixtures.site(id, List.of(id + ".example"), regions).withSteering(policy);
  }

  /** Each of these is a story of its own: sites of every kind, in worlds with zones and without. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 0})
  void theScopeIsTheLargestNetworkWithTheSameOrder(long fixed) {
    long seed = fixed == 0 ? System.nanoTime() : fixed;
    World world = new World(seed, seed % 2 == 0);
    List<SiteConfig> sites =
        List.of(
            site("all", SteeringPolicy.DEFAULT),
            site("some", SteeringPolicy.DEFAULT, "r0", "r1", "r2"),
            site("one", SteeringPolicy.DEFAULT, "r3"),
            site("pinned", new SteeringPolicy(List.of("DE"), List.of("SA"), 30, 1)));
    world.plan(sites.toArray(SiteConfig[]::new));
    for (SiteConfig site : sites) {
      List<Probe> probes = probes(world, site);
      for (int i = 0; i < 60; i++) {
        byte[] client = world.address(i % 2 == 0 ? 4 : 16);
        String what = "seed %d, %s, %s".formatted(seed, site.id(), Arrays.toString(client));
        int largest = largest(probes, client, address -> order(world, site, address));
        assertEquals(largest, depth(world, site, client), what);
        everyoneInTheScopeGetsTheSame(world, site, client, what);
      }
    }
  }

  private static int depth(World world, SiteConfig site, byte[] client) {
    NearestSteering.State now = world.steering.state();
    return world.steering.find(now, Audience.of(site), client).depth();
  }

  /** By looking at all networks: the shortest prefix under which all have the client's order. */
  private static int largest(
      List<Probe> probes, byte[] client, Function<byte[], List<String>> orders) {
    List<String> order = orders.apply(client);
    int bits = 8 * client.length;
    while (bits > 0) {
      int shorter = bits - 1;
      // The other half may lie in a network that begins before it.
      boolean same =
          orders.apply(otherHalf(client, shorter)).equals(order)
              && probes.stream()
                  .filter(probe -> overlaps(probe.address(), client, shorter))
                  .allMatch(probe -> probe.order().equals(order));
      if (!same) {
        return bits;
      }
      bits--;
    }
    return 0;
  }

  /** An address and what is right for it. */
  private record Probe(InetAddress first, List<String> order) {
    byte[] address() {
      return first.getAddress();
    }
  }

  private static List<Probe> probes(World world, SiteConfig site) {
    return Stream.of(4, 16)
        .flatMap(length -> probes(world, length).stream())
        .map(address -> new Probe(NearestSteering.address(address), order(world, site, address)))
        .toList();
  }

  /** The first address of every network, be it GeoIP's or a zone's. */
  private static List<byte[]> probes(World world, int length) {
    Stream<byte[]> zones =
        world.zones.zones().stream().map(zone -> zone.network().first().getAddress());
    // Behind a zone goes on what was before it.
    Stream<byte[]> behind = world.zones.zones().stream().map(zone -> behind(zone.network()));
    return Stream.of(world.leaves.stream().map(Leaf::address), zones, behind)
        .flatMap(all -> all)
        .filter(address -> address.length == length)
        .toList();
  }

  private static byte[] otherHalf(byte[] client, int bit) {
    byte[] other = client.clone();
    other[bit >> 3] ^= (byte) (0x80 >> (bit & 7));
    for (int i = bit + 1; i < 8 * other.length; i++) {
      other[i >> 3] &= (byte) ~(0x80 >> (i & 7));
    }
    return other;
  }

  private static byte[] behind(AddressRange range) {
    byte[] address = range.first().getAddress();
    for (int i = range.bits() - 1; i >= 0; i--) {
      address[i >> 3] ^= (byte) (0x80 >> (i & 7));
      if (NetworkTree.bit(address, i) == 1) {
        return address;
      }
    }
    return range.first().getAddress();
  }

  /** The names in the order in which they are asked, worked out the plain way. */
  private static List<String> order(World world, SiteConfig site, byte[] client) {
    Spot spot = world.leaf(client).spot();
    Position at = spot.isKnown() ? new Position(spot.latitude(), spot.longitude()) : UNKNOWN;
    Audience audience = Audience.of(site);
    Optional<CoverageZone> zone =
        world.zones.zones().stream()
            .filter(one -> overlaps(one.network().first().getAddress(), client, bits(one)))
            .max(Comparator.comparingInt(CourseTest::bits));
    List<Node> served =
        world.nodes.stream()
            .map(SteeredNode::node)
            .filter(node -> site.isServedIn(node.region()))
            .sorted(Comparator.comparing(Node::name))
            .toList();
    List<String> names = new ArrayList<>();
    if (audience.isPinnedTo(spot.country())) {
      names.add("pinned");
    }
    List<Node> left = new ArrayList<>(served);
    zone.ifPresent(
        one ->
            one.targets()
                .forEach(
                    target -> {
                      // Each node is a place of its own here, so naming it names the place.
                      List<Node> named =
                          left.stream()
                              .filter(
                                  node ->
                                      node.name().equals(target) || node.region().equals(target))
                              .sorted(byDistance(at))
                              .toList();
                      left.removeAll(named);
                      named.forEach(node -> names.add(node.name()));
                    }));
    List<Node> near = left.stream().sorted(byDistance(at)).limit(4).toList();
    near.forEach(node -> names.add(node.name()));
    left.removeAll(near);
    String head = names.stream().filter(name -> !name.equals("pinned")).findFirst().orElse("");
    served.stream()
        .filter(node -> node.name().equals(head))
        .map(Placement::position)
        .forEach(
            from -> left.stream().sorted(byDistance(from)).forEach(node -> names.add(node.name())));
    return names;
  }

  private static int bits(CoverageZone zone) {
    return zone.network().bits();
  }

  private static Comparator<Node> byDistance(Position at) {
    return Comparator.comparingDouble(
        node -> Math.round(1e6 * Globe.distanceKm(at, Placement.position(node))));
  }

  private static void everyoneInTheScopeGetsTheSame(
      World world, SiteConfig site, byte[] client, String what) {
    Choice chosen = world.steering.choose(client, 8 * client.length, site, 7);
    int scope = chosen.scopePrefix();
    assertTrue(scope == 0 || scope == depth(world, site, client), what);
    for (byte[] probe : probes(world, client.length).stream().limit(40).toList()) {
      if (overlaps(probe, client, scope)) {
        assertEquals(
            chosen.nodes(), world.steering.choose(probe, 8 * probe.length, site, 7).nodes(), what);
      }
    }
  }

  /** Health changes who answers, never what was worked out ahead. */
  @Test
  void whatWasWorkedOutStaysWhenHealthChanges() {
    World world = new World(9, false);
    SiteConfig site = site("all", SteeringPolicy.DEFAULT);
    world.plan(site);
    Courses before = Objects.requireNonNull(world.steering.state().courses());
    world.nodes.replaceAll(one -> new SteeredNode(one.node(), !one.serving()));
    world.steering.swap(new SteeringSnapshot(world.nodes, List.of(site), 2));
    assertTrue(before.isCurrent(world.steering.state(), world.geo));
    world.nodes.removeFirst();
    world.steering.swap(new SteeringSnapshot(world.nodes, List.of(site), 3), Map.of(), 0);
    assertTrue(!before.isCurrent(world.steering.state(), world.geo));
  }

  @Test
  void theChoiceIsTheSameBeforeItIsWorkedOutAhead() {
    for (long seed = 20; seed < 24; seed++) {
      World world = new World(seed, true);
      SiteConfig site = site("all", SteeringPolicy.DEFAULT);
      world.steering.swap(new SteeringSnapshot(world.nodes, List.of(site), 1));
      List<byte[]> clients = new ArrayList<>();
      List<List<Node>> slow = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        byte[] client = world.address(i % 2 == 0 ? 4 : 16);
        clients.add(client);
        slow.add(world.steering.choose(client, 8 * client.length, site, 7).nodes());
      }
      world.plan(site);
      for (int i = 0; i < clients.size(); i++) {
        byte[] client = clients.get(i);
        assertEquals(
            slow.get(i),
            world.steering.choose(client, 8 * client.length, site, 7).nodes(),
            "seed " + seed);
      }
    }
  }

  /** Also where a site has several nodes of a place, and some have no room. */
  @Test
  void aChoiceLeavesNothingToBeCollected() {
    World world = new World(30, true);
    SteeringPolicy three = new SteeringPolicy(List.of(), List.of(), 30, 3);
    world.plan(site("all", SteeringPolicy.DEFAULT), site("three", three));
    List<SiteConfig> sites =
        Stream.of("all", "three")
            .flatMap(id -> world.steering.snapshot().site(id).stream())
            .toList();
    List<byte[]> clients =
        Stream.generate(() -> world.address(world.random.nextBoolean() ? 4 : 16))
            .limit(1000)
            .toList();
    Choice into = new Choice();
    chooseForAll(world, sites, clients, into);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    int named = chooseForAll(world, sites, clients, into);
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(named > 20_000, named + " nodes were named");
    assertTrue(bytes < 10_000, bytes + " bytes for 20 000 choices");
  }

  private static int chooseForAll(
      World world, List<SiteConfig> sites, List<byte[]> clients, Choice into) {
    int named = 0;
    for (int i = 0; i < 10; i++) {
      for (int c = 0; c < clients.size(); c++) {
        byte[] client = clients.get(c);
        for (int s = 0; s < sites.size(); s++) {
          world.steering.choose(client, 8 * client.length, sites.get(s), 7, into);
          named += into.count();
        }
      }
    }
    return named;
  }
}
