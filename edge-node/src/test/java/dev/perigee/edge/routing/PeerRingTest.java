package dev.perigee.edge.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.PeerConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Every node comes to the same order, keys spread evenly, and few move when nodes change. */
class PeerRingTest {
  private static final int KEYS = 30_000;

  static PeerConfig peer(int number) {
    return new PeerConfig("node-" + number, "eu", List.of("192.0.2.1"), 8444, true);
  }

  private static List<PeerConfig> peers(int count) {
    List<PeerConfig> peers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      peers.add(peer(i));
    }
    return peers;
  }

  @Property(tries = 200)
  void theOrderDoesNotDependOnWhoIsNamedFirst(
      @ForAll @IntRange(min = 1, max = 40) int count, @ForAll long key, @ForAll long seed) {
    List<PeerConfig> shuffled = peers(count);
    Collections.shuffle(shuffled, new Random(seed));
    assertEquals(new PeerRing(peers(count)).order(key), new PeerRing(shuffled).order(key));
  }

  /** Who leaves is struck from the order of each key, and nothing else of it changes. */
  @Property(tries = 200)
  void whoLeavesLeavesTheOthersInTheirOrder(
      @ForAll @IntRange(min = 2, max = 40) int count, @ForAll long key, @ForAll long seed) {
    List<PeerConfig> before = new PeerRing(peers(count)).order(key);
    PeerConfig gone = before.get(new Random(seed).nextInt(count));
    List<PeerConfig> rest = new ArrayList<>(peers(count));
    rest.remove(gone);
    List<PeerConfig> expected = new ArrayList<>(before);
    expected.remove(gone);
    assertEquals(expected, new PeerRing(rest).order(key));
  }

  @Test
  void keysSpreadEvenlyAndWhoJoinsTakesItsShareAlone() {
    PeerRing ten = new PeerRing(peers(10));
    PeerRing eleven = new PeerRing(peers(11));
    Map<String, Integer> shares = new HashMap<>();
    int moved = 0;
    for (int i = 0; i < KEYS; i++) {
      long key = PeerRing.hash("shop - - www.shop.example - /img/" + i + ".jpg ");
      String owner = ten.order(key).getFirst().name();
      shares.merge(owner, 1, Integer::sum);
      String later = eleven.order(key).getFirst().name();
      assertTrue(later.equals(owner) || later.equals("node-10"), "it moves to the new one only");
      moved += later.equals(owner) ? 0 : 1;
    }
    // Seven standard deviations of a share of one in ten: below one in a billion.
    double deviation = Math.sqrt(KEYS * 0.1 * 0.9);
    shares.values().forEach(n -> assertEquals(KEYS / 10.0, n, 7 * deviation, shares.toString()));
    assertEquals(10, shares.size());
    assertEquals(KEYS / 11.0, moved, 7 * Math.sqrt(KEYS / 11.0));
  }
}
