package dev.perigee.edge.routing;

import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.Rendezvous;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Nodes by the share of the keys that each has, by {@link Rendezvous}. */
final class PeerRing {
  private final List<Member> members;

  private record Member(PeerConfig peer, long hash) {}

  private record Drawn(PeerConfig peer, long number) {}

  PeerRing(Collection<PeerConfig> peers) {
    members = peers.stream().map(peer -> new Member(peer, hash(peer.name()))).toList();
  }

  /** The nodes in the order in which they are to be asked for a key. */
  List<PeerConfig> order(long key) {
    List<Drawn> drawn = new ArrayList<>(members.size());
    for (Member member : members) {
      drawn.add(new Drawn(member.peer, Rendezvous.draw(key, member.hash)));
    }
    drawn.sort(
        Comparator.comparingLong((Drawn one) -> one.number - Long.MIN_VALUE)
            .reversed()
            .thenComparing(one -> one.peer.name()));
    return drawn.stream().map(Drawn::peer).toList();
  }

  int size() {
    return members.size();
  }

  /** The same for the same text on every node. */
  static long hash(String text) {
    return Rendezvous.hash(text);
  }
}
