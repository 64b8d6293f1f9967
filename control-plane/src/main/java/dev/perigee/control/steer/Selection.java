package dev.perigee.control.steer;

import dev.perigee.contract.Rendezvous;
import dev.perigee.control.steer.Roster.Member;
import java.util.ArrayList;
import java.util.List;

/**
 * The nodes for one network and one object: a pure function of the order of places and of how their
 * nodes are doing.
 *
 * <p>In each place the nodes that share an object come first, by {@link Rendezvous}; which of them
 * is the first depends on the network. A node that has more than it can do keeps only a share of
 * the networks: the others, again by hash, go to the next node that has room. So while shares move
 * slowly, networks move one after the other, each once.
 */
final class Selection {
  /** Nodes that are named. */
  static final int NAMED = 3;

  private final Placement placement;
  private final Roster roster;
  private final Order order;
  private final SiteTable.Entry site;
  private final long key;
  private final long network;

  private final List<Member> named = new ArrayList<>(NAMED);
  private boolean byNetwork;
  private boolean accepted;
  private int looked;

  private Selection(
      Placement placement,
      Roster roster,
      Order order,
      SiteTable.Entry site,
      long key,
      long network) {
    this.placement = placement;
    this.roster = roster;
    this.order = order;
    this.site = site;
    this.key = key;
    this.network = network;
  }

  /**
   * Who was selected.
   *
   * @param nodes the best first; at most {@link #NAMED}
   * @param byNetwork whether another network of the same order might get others
   * @param rank of the best, as {@link Member#rank} says; {@link Roster#NEVER} where there is none
   * @param outside whether the site keeps these clients where there is no node
   */
  record Selected(List<Member> nodes, boolean byNetwork, int rank, boolean outside) {
    Selected {
      nodes = List.copyOf(nodes);
    }
  }

  /**
   * Selects.
   *
   * @param key of the object
   * @param network hash of the client's network
   */
  static Selected select(
      Placement placement,
      Roster roster,
      Order order,
      SiteTable.Entry site,
      long key,
      long network) {
    return new Selection(placement, roster, order, site, key, network).selected();
  }

  /** What a node can take beside others, 0 to 100. */
  static int weight(Member member) {
    double free = Math.max(0, 1 - member.said().load()) * member.said().share();
    return (int) Math.max(1, Math.round(100 * free));
  }

  private Selected selected() {
    int end = order.inside();
    int rank = end == 0 ? Roster.NEVER : best(0, end);
    boolean outside = rank == Roster.NEVER;
    if (outside) {
      end = order.size();
      rank = best(0, end);
    }
    for (int i = 0; i < end && rank < Roster.NEVER && !isDone(); i++) {
      place(i, rank);
    }
    return new Selected(named, byNetwork, rank, outside && order.isPinned());
  }

  private boolean isDone() {
    return named.size() == NAMED && (accepted || looked >= OrderPolicy.NEAREST);
  }

  /** The best rank of any node of some places. */
  private int best(int from, int to) {
    int best = Roster.NEVER;
    for (int i = from; i < to && best > 0; i++) {
      List<Member> members = roster.places().get(order.place(i));
      for (int m = 0; m < members.size(); m++) {
        if (isOf(i, members.get(m))) {
          best = Math.min(best, members.get(m).rank(site, roster.settled()));
        }
      }
    }
    return best;
  }

  private boolean isOf(int index, Member member) {
    int only = order.node(index);
    return only < 0
        || placement
            .places()
            .get(order.place(index))
            .nodes()
            .get(only)
            .equals(member.node().name());
  }

  /** Looks at the nodes of one place, in the order in which they have the object. */
  private void place(int index, int rank) {
    List<Member> members = roster.places().get(order.place(index));
    if (members.size() == 1) {
      if (members.getFirst().rank(site, roster.settled()) <= rank) {
        looked++;
        take(members.getFirst());
      }
      return;
    }
    List<Member> sorted = new ArrayList<>(members.size());
    for (int m = 0; m < members.size(); m++) {
      Member member = members.get(m);
      if (member.rank(site, roster.settled()) <= rank && isOf(index, member)) {
        insert(sorted, member);
      }
    }
    if (!sorted.isEmpty()) {
      looked++;
      int sharing = Math.min(site.site().steering().nodesPerObject(), sorted.size());
      int first = sharing == 1 ? 0 : (int) Long.remainderUnsigned(mixed(key), sharing);
      byNetwork |= sharing > 1 && !accepted;
      for (int i = 0; i < sorted.size() && !isDone(); i++) {
        take(sorted.get(i < sharing ? (first + i) % sharing : i));
      }
    }
  }

  private void insert(List<Member> sorted, Member member) {
    long draw = Rendezvous.draw(key, member.hash());
    int at = sorted.size();
    while (at > 0
        && Long.compareUnsigned(Rendezvous.draw(key, sorted.get(at - 1).hash()), draw) < 0) {
      at--;
    }
    sorted.add(at, member);
  }

  /** Names a node that is next; the first that has room for this network goes before the others. */
  private void take(Member member) {
    if (named.contains(member)) {
      return;
    }
    if (!accepted && looked <= OrderPolicy.NEAREST && keeps(member)) {
      accepted = true;
      named.addFirst(member);
      if (named.size() > NAMED) {
        named.removeLast();
      }
    } else if (named.size() < NAMED) {
      named.add(member);
    }
  }

  private boolean keeps(Member member) {
    boolean isNearest = looked == 1 && named.isEmpty();
    if (!isNearest && !member.said().hasRoom()) {
      return false;
    }
    double share = member.said().share();
    if (share >= 1) {
      return true;
    }
    byNetwork = true;
    return (mixed(member.hash()) >>> 11) * 0x1.0p-53 < share;
  }

  private long mixed(long with) {
    return Rendezvous.mixed(network ^ with);
  }
}
