package dev.perigee.control.steer;

import dev.perigee.contract.Rendezvous;
import dev.perigee.control.steer.Roster.Member;
import dev.perigee.control.store.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The nodes for one network and one object: a pure function of the order of places and of how their
 * nodes are doing.
 *
 * <p>In each place the nodes that share an object come first, by {@link Rendezvous}; which of them
 * is the first depends on the network. A node that has more than it can do keeps only a share of
 * the networks: the others, again by hash, go to the next node that has room. So while shares move
 * slowly, networks move one after the other, each once.
 *
 * <p>One serves again and again, for one thread, and leaves nothing to be collected.
 */
final class Selection {
  /** Nodes that are named. */
  static final int NAMED = 3;

  private Placement placement = Placement.NONE;
  private Roster roster = new Roster(List.of(), 0);
  private Order order = new Order(new int[0], 0, false);
  private SiteTable.Entry site = new SiteTable.Entry(Explaining.ANY, Audience.ALL, 0);
  private long key;
  private byte[] address = {};
  private int unit;

  private final @Nullable Member[] named = new Member[NAMED];

  /** The nodes of the place that is looked at. */
  private final List<Member> sorted = new ArrayList<>();

  private int count;
  private boolean byNetwork;
  private boolean accepted;
  private int together;
  private int looked;
  private int rank;
  private boolean outside;

  /** Hash of the client's network, once it was needed. */
  private long network;

  private boolean hashed;

  /**
   * Selects.
   *
   * @param key of the object
   * @param address of the client
   * @param unit length of the prefix of what goes to one node as a whole
   */
  void select(
      Placement placement,
      Roster roster,
      Order order,
      SiteTable.Entry site,
      long key,
      byte[] address,
      int unit) {
    this.placement = placement;
    this.roster = roster;
    this.order = order;
    this.site = site;
    this.key = key;
    this.address = address;
    this.unit = unit;
    Arrays.fill(named, null);
    count = 0;
    byNetwork = false;
    accepted = false;
    together = 1;
    looked = 0;
    hashed = false;
    run();
  }

  /** The selected nodes, the best first; at most {@link #NAMED}. */
  List<Member> members() {
    List<Member> members = new ArrayList<>(count);
    for (Member member : named) {
      if (member != null) {
        members.add(member);
      }
    }
    return members;
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** One of them. */
  Node node(int index) {
    return Objects.requireNonNull(named[index]).node();
  }

  /** How many of the first share the object and have all their networks and room. */
  int together() {
    return Math.min(together, count);
  }

  /** Whether another network of the same order might get others. */
  boolean isByNetwork() {
    return byNetwork;
  }

  /** Of the best, as {@link Member#rank} says; {@link Roster#NEVER} where there is none. */
  int rank() {
    return rank;
  }

  /** Whether the site keeps these clients where there is no node. */
  boolean isOutside() {
    return outside;
  }

  /** What a node can take beside others, 0 to 100. */
  static int weight(Member member) {
    double free = Math.max(0, 1 - member.said().load()) * member.said().share();
    return (int) Math.max(1, Math.round(100 * free));
  }

  private void run() {
    int end = order.inside();
    rank = end == 0 ? Roster.NEVER : best(0, end);
    boolean anywhere = rank == Roster.NEVER;
    if (anywhere) {
      end = order.size();
      rank = best(0, end);
    }
    outside = anywhere && order.isPinned();
    for (int i = 0; i < end && rank < Roster.NEVER && !isDone(); i++) {
      place(i);
    }
  }

  private boolean isDone() {
    return count == NAMED && (accepted || looked >= OrderPolicy.NEAREST);
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
  private void place(int index) {
    List<Member> members = roster.places().get(order.place(index));
    if (members.size() == 1) {
      if (members.getFirst().rank(site, roster.settled()) <= rank) {
        looked++;
        take(members.getFirst());
      }
      return;
    }
    sorted.clear();
    for (int m = 0; m < members.size(); m++) {
      Member member = members.get(m);
      if (member.rank(site, roster.settled()) <= rank && isOf(index, member)) {
        insert(member);
      }
    }
    if (!sorted.isEmpty()) {
      looked++;
      int sharing = Math.min(site.site().steering().nodesPerObject(), sorted.size());
      int first = sharing == 1 ? 0 : (int) Long.remainderUnsigned(mixed(key), sharing);
      byNetwork |= sharing > 1 && !accepted;
      boolean before = accepted;
      for (int i = 0; i < sorted.size() && !isDone(); i++) {
        boolean follows = accepted && !before && i < sharing;
        Member member = sorted.get(i < sharing ? (first + i) % sharing : i);
        take(member);
        together += follows && isAsGood(member) ? 1 : 0;
      }
    }
  }

  /** Whether it is named next, and no network of its own goes elsewhere. */
  private boolean isAsGood(Member member) {
    return member.equals(named[together]) && member.said().share() >= 1 && member.said().hasRoom();
  }

  private void insert(Member member) {
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
    for (Member other : named) {
      if (member.equals(other)) {
        return;
      }
    }
    boolean first = !accepted && looked <= OrderPolicy.NEAREST && keeps(member);
    if (first) {
      accepted = true;
      System.arraycopy(named, 0, named, 1, NAMED - 1);
      named[0] = member;
      count = Math.min(NAMED, count + 1);
    } else if (count < NAMED) {
      named[count++] = member;
    }
  }

  private boolean keeps(Member member) {
    boolean isNearest = looked == 1 && count == 0;
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
    if (!hashed) {
      network = NearestSteering.network(address, unit);
      hashed = true;
    }
    return Rendezvous.mixed(network ^ with);
  }
}
