package dev.perigee.control.steer;

import dev.perigee.contract.Rendezvous;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How the nodes of each place are doing now.
 *
 * @param places in the placement's order, each with its nodes in the placement's order; a node that
 *     is not known any more is left out
 * @param settled the newest revision that every node had time to take
 */
record Roster(List<List<Member>> places, long settled) {
  Roster {
    places = places.stream().map(List::copyOf).toList();
  }

  /** Whether a node may be sent readers; the best first. */
  enum Standing {
    /** Connected, healthy, not draining. */
    SERVING("is serving"),
    /** The operator wants it, but nobody hears or reaches it, or it says that it is not well. */
    UNHEALTHY("is not connected, not healthy or not reached"),
    /** The operator wants new readers elsewhere. */
    DRAINING("is draining"),
    /** It has no certificate. */
    NOT_ENROLLED("is not enrolled");

    private final String words;

    Standing(String words) {
      this.words = words;
    }

    /** What a node of this standing does, as the end of a sentence. */
    String words() {
      return words;
    }
  }

  /**
   * What a node says of itself now.
   *
   * @param load 0 idle to 1 full
   * @param share of the readers that come to it, how many it keeps, 0 to 1
   * @param hasRoom whether it may be sent readers of others that are full
   * @param revision the newest that it has
   * @param refused what of it it did not take
   */
  record Said(double load, double share, boolean hasRoom, long revision, Set<String> refused) {
    /** Of a node that does nothing and has everything. */
    static final Said NOTHING = new Said(0, 1, true, Long.MAX_VALUE, Set.of());

    Said {
      refused = Set.copyOf(refused);
    }
  }

  /**
   * A node of a place.
   *
   * @param hash of its name
   */
  record Member(Node node, long hash, Standing standing, Said said) {
    /**
     * How good it is for a site; 0 is best, {@link #NEVER} not at all.
     *
     * @param settled the newest revision that it had time to take
     */
    int rank(SiteTable.Entry site, long settled) {
      return switch (standing) {
        case SERVING -> carries(site, settled) ? 0 : 1;
        case UNHEALTHY -> 2;
        case DRAINING -> 3;
        case NOT_ENROLLED -> NEVER;
      };
    }

    boolean carries(SiteTable.Entry site, long settled) {
      return said.revision() >= Math.min(site.revision(), settled)
          && (said.refused().isEmpty() || !said.refused().contains(site.site().id()));
    }
  }

  /** The rank of a node that is never chosen. */
  static final int NEVER = 4;

  static Roster of(
      Placement placement, SteeringSnapshot snapshot, Map<String, Said> said, long settled) {
    Map<String, SteeredNode> known = new HashMap<>();
    snapshot.nodes().forEach(one -> known.put(one.node().name(), one));
    List<List<Member>> places = new ArrayList<>();
    for (Placement.Place place : placement.places()) {
      List<Member> members = new ArrayList<>();
      for (String name : place.nodes()) {
        Optional.ofNullable(known.get(name))
            .ifPresent(one -> members.add(member(one, said.getOrDefault(name, Said.NOTHING))));
      }
      places.add(members);
    }
    return new Roster(places, settled);
  }

  /** The same without the nodes that are not in a snapshot. */
  Roster only(SteeringSnapshot snapshot) {
    return new Roster(
        places.stream()
            .map(
                place ->
                    place.stream()
                        .filter(one -> snapshot.node(one.node().name()).isPresent())
                        .toList())
            .toList(),
        settled);
  }

  private static Member member(SteeredNode one, Said said) {
    Node node = one.node();
    return new Member(node, Rendezvous.hash(node.name()), standing(one), said);
  }

  static Standing standing(SteeredNode one) {
    if (!one.node().enrolled()) {
      return Standing.NOT_ENROLLED;
    } else if (one.node().draining()) {
      return Standing.DRAINING;
    }
    return one.serving() ? Standing.SERVING : Standing.UNHEALTHY;
  }
}
