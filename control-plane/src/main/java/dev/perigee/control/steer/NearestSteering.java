package dev.perigee.control.steer;

import dev.perigee.contract.Rendezvous;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.GeoTree.Spot;
import dev.perigee.control.steer.Roster.Said;
import dev.perigee.control.store.Node;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Steering to the nearest node that has room, by coverage zones, pins, position, health and load.
 *
 * <p>Which order of places an address has is worked out ahead for all addresses ({@link Courses}),
 * so that a choice is a walk down a tree and a look at a few nodes. Until that is done for the
 * nodes that there are now, each choice works it out by itself, for the network that GeoIP names.
 */
public final class NearestSteering implements Steering, NodeChoice {
  /** Where clients of unknown position are taken to be. */
  public static final Position DEFAULT_POSITION = new Position(39.04, -77.49);

  /** Networks that are as long as this, or longer, are moved as a whole; by IP version. */
  static final int UNIT4 = 16;

  static final int UNIT6 = 32;

  private final GeoLocator locator;
  private final Position defaultPosition;
  private volatile State state = State.EMPTY;

  /** Everything that one answer is made of. */
  record State(
      SteeringSnapshot snapshot,
      Placement placement,
      Roster roster,
      ZoneList zones,
      NetworkTree zoneTree,
      @Nullable Courses courses) {
    /** The same with other nodes, in the same places. */
    State with(SteeringSnapshot nodes, Roster others) {
      return new State(nodes, placement, others, zones, zoneTree, courses);
    }

    private static final State EMPTY =
        new State(
            SteeringSnapshot.empty(),
            Placement.NONE,
            new Roster(List.of(), 0),
            ZoneList.NONE,
            NetworkTree.of(0),
            null);
  }

  public NearestSteering(GeoLocator locator, Position defaultPosition) {
    this.locator = locator;
    this.defaultPosition = defaultPosition;
  }

  /** From now on answers come from {@code next}; nobody has anything to do. */
  public void swap(SteeringSnapshot next) {
    swap(next, Map.of(), Long.MAX_VALUE);
  }

  /**
   * From now on answers come from {@code next}.
   *
   * @param said what the nodes say of themselves, by name
   * @param settled the newest revision that every node had time to take
   */
  synchronized void swap(SteeringSnapshot next, Map<String, Said> said, long settled) {
    State now = state;
    Placement placement = Placement.of(next.nodes().stream().map(n -> n.node()).toList(), locator);
    Placement same = placement.equals(now.placement()) ? now.placement() : placement;
    state =
        new State(
            next,
            same,
            Roster.of(same, next, said, settled),
            now.zones(),
            now.zoneTree(),
            now.courses());
  }

  /** From now on these zones count. */
  synchronized void zones(ZoneList zones) {
    State now = state;
    if (!zones.equals(now.zones())) {
      state =
          new State(
              now.snapshot(), now.placement(), now.roster(), zones, zones.tree(), now.courses());
    }
  }

  /** What was worked out ahead. */
  synchronized void courses(Courses courses) {
    State now = state;
    state =
        new State(
            now.snapshot(), now.placement(), now.roster(), now.zones(), now.zoneTree(), courses);
  }

  State state() {
    return state;
  }

  Position defaultPosition() {
    return defaultPosition;
  }

  GeoLocator locator() {
    return locator;
  }

  public SteeringSnapshot snapshot() {
    return state.snapshot();
  }

  @Override
  public void choose(byte[] address, int bits, SiteConfig site, long key, Choice into) {
    choose(state, address, site, key, into);
  }

  @SuppressWarnings("ReferenceEquality") // of the table or not, whatever it says
  void choose(State now, byte[] address, SiteConfig site, long key, Choice into) {
    SiteTable.Entry known = now.snapshot().table().find(site.id());
    SiteTable.Entry entry =
        known != null && known.site() == site
            ? known
            : new SiteTable.Entry(site, Audience.of(site), known == null ? 0 : known.revision());
    Courses courses = now.courses();
    Course course = courses == null ? null : courses.course(entry.audience(), now);
    Order order;
    int depth;
    if (course != null) {
      long found = course.find(address);
      order = course.order(found);
      depth = NetworkTree.depth(found);
    } else {
      Found found = workedOut(now, entry.audience(), address);
      order = found.order();
      depth = found.depth();
    }
    Selection selection = into.selection();
    selection.select(
        now.placement(), now.roster(), order, entry, key, address, unit(address, depth));
    into.becomeSelected(scope(now, entry, address, depth, selection));
  }

  /**
   * The order for an address.
   *
   * @param depth length of the prefix of the network that has it
   */
  record Found(Order order, int depth) {}

  Found find(State now, Audience audience, byte[] address) {
    Courses courses = now.courses();
    Course course = courses == null ? null : courses.course(audience, now);
    if (course != null) {
      long found = course.find(address);
      return new Found(course.order(found), NetworkTree.depth(found));
    }
    return workedOut(now, audience, address);
  }

  private Found workedOut(State now, Audience audience, byte[] address) {
    long zone = now.zoneTree().find(address);
    Optional<GeoLocator.Location> at = locator.locate(address(address));
    int bits = at.map(GeoLocator.Location::prefixLength).orElse(Byte.SIZE * address.length);
    Order order =
        new OrderPolicy(now.placement(), audience, defaultPosition)
            .order(
                now.zones().zone(NetworkTree.value(zone)), at.map(Spot::of).orElse(Spot.UNKNOWN));
    return new Found(order, Math.max(bits, NetworkTree.depth(zone)));
  }

  /** How long the prefix of what moves as a whole is. */
  static int unit(byte[] address, int depth) {
    return Math.max(depth, address.length == Integer.BYTES ? UNIT4 : UNIT6);
  }

  /** The same number for all addresses of one network. */
  static long network(byte[] address, int bits) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < bits; i++) {
      long bit = NetworkTree.bit(address, i);
      if (i < Long.SIZE) {
        high |= bit << (Long.SIZE - 1 - i);
      } else {
        low |= bit << (2 * Long.SIZE - 1 - i);
      }
    }
    return Rendezvous.mixed(high ^ Rendezvous.mixed(low + bits));
  }

  /** How many bits of the address the answer depends on. */
  int scope(State now, SiteTable.Entry site, byte[] address, int depth, Selection selected) {
    if (selected.isByNetwork()) {
      return unit(address, depth);
    }
    return hasChoice(now, site, selected.rank()) ? depth : 0;
  }

  /** Whether readers of some networks go elsewhere than those of others, as things are now. */
  private static boolean hasChoice(State now, SiteTable.Entry site, int rank) {
    boolean any = false;
    for (int i = 0; i < now.placement().places().size(); i++) {
      if (site.audience().isServedIn(now.placement().places().get(i).region())) {
        int nodes = 0;
        List<Roster.Member> members = now.roster().places().get(i);
        for (int m = 0; m < members.size(); m++) {
          nodes += members.get(m).rank(site, now.roster().settled()) <= rank ? 1 : 0;
        }
        boolean divided = nodes > 1 && !now.zones().zones().isEmpty();
        if (divided || (nodes > 0 && any)) {
          return true;
        }
        any |= nodes > 0;
      }
    }
    return false;
  }

  static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address has 4 or 16 bytes", e);
    }
  }

  @Override
  public Explanation explain(InetAddress client, Optional<String> siteId) {
    return new Explaining(this, state).explain(client, siteId);
  }

  /**
   * One of the best nodes.
   *
   * @param weight what it can take beside the others, 1 to 100
   */
  record Best(Node node, int weight) {}

  /** The best nodes for a client and a site, the best first. */
  List<Best> best(InetAddress client, SiteConfig site) {
    return explain(client, Optional.of(site.id())).candidates().stream()
        .filter(Candidate::eligible)
        .limit(Selection.NAMED)
        .flatMap(
            one -> snapshot().node(one.node()).stream().map(node -> new Best(node, one.weight())))
        .toList();
  }

  @Override
  public Simulation simulate(
      List<InetAddress> clients, Optional<String> siteId, Set<String> failing) {
    State now = state;
    SiteConfig site = siteId.flatMap(now.snapshot()::site).orElse(Explaining.ANY);
    return new Simulating(this, now, site).simulate(clients, failing);
  }

  @Override
  public Set<String> unknownOf(Set<String> names) {
    Set<String> unknown = new TreeSet<>(names);
    snapshot()
        .nodes()
        .forEach(
            one -> {
              unknown.remove(one.node().name());
              unknown.remove(one.node().region());
            });
    return unknown;
  }
}
