package dev.perigee.edge.routing;

import dev.perigee.contract.PeerConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Nodes by the share of the keys that each has, by rendezvous hashing (Thaler and Ravishankar,
 * 1998): for every key each node draws a number from key and name, and the highest has it. So every
 * node that knows the same others comes to the same order without asking; who joins takes an equal
 * share from each, and who leaves leaves only its own keys, each to the next in that key's order.
 */
final class PeerRing {
  private static final long FNV_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

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
      drawn.add(new Drawn(member.peer, mixed(key ^ member.hash)));
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

  /** The same for the same text on every node: FNV-1a, mixed. */
  static long hash(String text) {
    long hash = FNV_BASIS;
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
    }
    return mixed(hash);
  }

  /** The finaliser of MurmurHash3: every bit of the argument changes half of the result's. */
  private static long mixed(long value) {
    long bits = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
    bits = (bits ^ bits >>> 33) * 0xc4ceb9fe1a85ec53L;
    return bits ^ bits >>> 33;
  }
}
