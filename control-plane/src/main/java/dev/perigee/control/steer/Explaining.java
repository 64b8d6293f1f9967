package dev.perigee.control.steer;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.NearestSteering.Found;
import dev.perigee.control.steer.NearestSteering.State;
import dev.perigee.control.steer.Placement.Place;
import dev.perigee.control.steer.Roster.Member;
import dev.perigee.control.steer.Steering.Candidate;
import dev.perigee.control.steer.Steering.Explanation;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.Node;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One choice with its reasons: the same steps as the choice alone, and what they saw. */
final class Explaining {
  /** Stands for any site. */
  static final SiteConfig ANY = new SiteConfig("", List.of(), List.of(), Set.of(), false, false);

  private static final int NOWHERE = Integer.MAX_VALUE;

  private final NearestSteering steering;
  private final State now;

  Explaining(NearestSteering steering, State now) {
    this.steering = steering;
    this.now = now;
  }

  /**
   * A node with where it stands in the order.
   *
   * @param step index in the order
   */
  private record Ranked(Member member, Place place, int step, int rank, double km) {
    Node node() {
      return member.node();
    }
  }

  /** What all sentences are made of. */
  private record Scene(
      List<Ranked> ranked,
      Order order,
      Optional<CoverageZone> zone,
      Selection selected,
      Optional<String> country,
      boolean known) {
    boolean isInRunning(Ranked one) {
      boolean inside = selected.isOutside() || order.inside() == 0 || one.step() < order.inside();
      return one.step() < NOWHERE
          && inside
          && one.rank() <= selected.rank()
          && one.rank() < Roster.NEVER;
    }
  }

  Explanation explain(InetAddress client, Optional<String> siteId) {
    byte[] address = client.getAddress();
    SiteTable.Entry site =
        siteId
            .flatMap(id -> now.snapshot().table().entry(id))
            .orElseGet(() -> new SiteTable.Entry(ANY, Audience.ALL, 0));
    Optional<GeoLocator.Location> at = steering.locator().locate(client);
    Optional<Position> position = at.map(one -> new Position(one.latitude(), one.longitude()));
    Optional<String> country = at.map(GeoLocator.Location::country).filter(text -> !text.isEmpty());
    Found found = steering.find(now, site.audience(), address);
    Optional<CoverageZone> zone = now.zones().zone(NetworkTree.value(now.zoneTree().find(address)));
    Selection selected = new Selection();
    selected.select(
        now.placement(),
        now.roster(),
        found.order(),
        site,
        NodeChoice.keyOf(site.site()),
        address,
        NearestSteering.unit(address, found.depth()));
    List<Ranked> ranked =
        ranked(found.order(), site, selected, position.orElse(steering.defaultPosition()));
    Scene scene = new Scene(ranked, found.order(), zone, selected, country, position.isPresent());
    return new Explanation(
        client,
        zone.map(one -> one.network() + ": " + String.join(" ", one.targets())),
        position,
        country,
        position.isPresent() ? "geoip" : "unknown",
        found.order().isPinned() ? Optional.of(pin(site.audience())) : Optional.empty(),
        candidates(scene),
        network(client, found.depth()),
        steering.scope(now, site, address, found.depth(), selected),
        !scene.known() || selected.rank() > 1 || selected.isOutside());
  }

  private static String pin(Audience audience) {
    List<String> all = new ArrayList<>(audience.countries().stream().sorted().toList());
    all.addAll(audience.continents().stream().sorted().toList());
    return String.join(" ", all);
  }

  private static String network(InetAddress client, int depth) {
    byte[] first = client.getAddress();
    for (int i = depth; i < Byte.SIZE * first.length; i++) {
      first[i >> 3] &= (byte) ~(0x80 >> (i & 7));
    }
    return new AddressRange(NearestSteering.address(first), depth).toString();
  }

  /** All nodes: the selected ones first, then in the order in which they are asked. */
  private List<Ranked> ranked(
      Order order, SiteTable.Entry site, Selection selected, Position client) {
    List<Ranked> all = new ArrayList<>();
    for (int p = 0; p < now.placement().places().size(); p++) {
      Place place = now.placement().places().get(p);
      for (Member member : now.roster().places().get(p)) {
        double km = Globe.distanceKm(client, Placement.position(member.node()));
        int rank = member.rank(site, now.roster().settled());
        all.add(new Ranked(member, place, step(order, p, member), rank, km));
      }
    }
    all.sort(
        Comparator.comparingInt((Ranked one) -> place(selected, one))
            .thenComparing(one -> one.rank() > selected.rank() || one.step() == NOWHERE)
            .thenComparingInt(Ranked::step)
            .thenComparingDouble(Ranked::km)
            .thenComparing(one -> one.node().name()));
    return all;
  }

  private int step(Order order, int place, Member member) {
    for (int i = 0; i < order.size(); i++) {
      if (order.place(i) == place) {
        int only = order.node(i);
        List<String> names = now.placement().places().get(place).nodes();
        if (only < 0 || names.get(only).equals(member.node().name())) {
          return i;
        }
      }
    }
    return NOWHERE;
  }

  private static int place(Selection selected, Ranked one) {
    int at = selected.members().indexOf(one.member());
    return at < 0 ? NOWHERE : at;
  }

  private static List<Candidate> candidates(Scene scene) {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < scene.ranked().size(); i++) {
      Ranked one = scene.ranked().get(i);
      Node node = one.node();
      candidates.add(
          new Candidate(
              node.name(),
              node.region(),
              scene.known() ? Optional.of(one.km()) : Optional.empty(),
              scene.isInRunning(one),
              one.member().standing().words(),
              one.member().said().load(),
              scene.isInRunning(one) ? Selection.weight(one.member()) : 0,
              reason(scene, i),
              node.addresses(),
              node.httpPort(),
              node.httpsPort()));
    }
    return candidates;
  }

  /** Why this one won or lost, and by how much. */
  private static String reason(Scene scene, int at) {
    Ranked one = scene.ranked().get(at);
    if (!scene.isInRunning(one)) {
      return "Out: it " + out(scene, one) + ".";
    }
    String state = "; it " + one.member().standing().words() + ".";
    Ranked first = scene.ranked().getFirst();
    if (at == 0) {
      return "Chosen: " + won(scene, one) + state;
    } else if (one.step() < first.step()) {
      return "Lost to %s, though it comes before: it keeps %d %% of its readers for now%s"
          .formatted(first.node().name(), percent(one), state);
    }
    return "Lost to %s, which %s%s".formatted(first.node().name(), lost(scene, one), state);
  }

  private static String out(Scene scene, Ranked one) {
    if (one.step() == NOWHERE) {
      return "does not serve this site";
    } else if (one.rank() == 1 && scene.selected().rank() == 0) {
      return "has not the newest settings of this site";
    } else if (one.rank() > scene.selected().rank() || one.rank() == Roster.NEVER) {
      return one.member().standing().words();
    }
    return "is not where the site keeps readers in " + scene.country().orElse("?");
  }

  private static String won(Scene scene, Ranked one) {
    List<Ranked> others = scene.ranked().stream().skip(1).filter(scene::isInRunning).toList();
    if (others.isEmpty()) {
      return "the only one in the running";
    }
    Optional<Ranked> full = others.stream().filter(o -> o.step() < one.step()).findFirst();
    if (full.isPresent()) {
      return "%s comes before, and keeps only %d %% of its readers for now"
          .formatted(full.get().node().name(), percent(full.get()));
    } else if (isNamed(scene, one)) {
      return "the zone " + scene.zone().orElseThrow().network() + " names it";
    }
    Ranked next = others.getFirst();
    if (next.step() == one.step()) {
      return "of the nodes of its place the one for this site and network";
    }
    return "the nearest, " + by(one, next) + " than " + next.node().name() + from(scene);
  }

  /** What the first has that this one has not. */
  private static String lost(Scene scene, Ranked one) {
    Ranked first = scene.ranked().getFirst();
    if (one.step() == first.step()) {
      return "is the one of their place for this site and network";
    } else if (isNamed(scene, first)) {
      return "the zone " + scene.zone().orElseThrow().network() + " names before it";
    }
    return "is " + by(first, one) + from(scene);
  }

  private static boolean isNamed(Scene scene, Ranked one) {
    return scene
        .zone()
        .filter(
            zone ->
                zone.targets().contains(one.node().name())
                    || zone.targets().contains(one.node().region()))
        .isPresent();
  }

  private static long percent(Ranked one) {
    return one.member().said().hasRoom() || one.member().said().share() < 1
        ? Math.round(100 * one.member().said().share())
        : 0;
  }

  private static String from(Scene scene) {
    return scene.known() ? "" : " from where unknown clients are taken to be";
  }

  private static String by(Ranked one, Ranked other) {
    double more = other.km() - one.km();
    if (more == 0) {
      return "as near and first by name";
    }
    return more < 1 ? "less than 1 km nearer" : Math.round(more) + " km nearer";
  }
}
