package dev.perigee.control.steer;

import dev.perigee.contract.AddressRange;
import dev.perigee.control.store.CoverageZone;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Coverage zones: networks whose clients the operator sends to regions or nodes, whatever GeoIP
 * says of them. The longest prefix wins.
 *
 * @param zones each with a network of its own
 */
record ZoneList(List<CoverageZone> zones) {
  static final ZoneList NONE = new ZoneList(List.of());

  ZoneList {
    zones = List.copyOf(zones);
  }

  /** The zone with a number of the tree; 0 is none. */
  Optional<CoverageZone> zone(int number) {
    return number == 0 ? Optional.empty() : Optional.of(zones.get(number - 1));
  }

  /** The networks, each with the number of its zone. */
  NetworkTree tree() {
    Half four = new Half();
    Half six = new Half();
    for (int i = 0; i < zones.size(); i++) {
      AddressRange network = zones.get(i).network();
      byte[] address = network.first().getAddress();
      (address.length == Integer.BYTES ? four : six).put(address, network.bits(), i + 1);
    }
    NetworkTree.Builder builder = new NetworkTree.Builder();
    return builder.build(four.build(builder, 0), six.build(builder, 0));
  }

  /** A network while the tree is made; 0 where a larger one decides. */
  private static final class Half {
    private final Map<Integer, Half> halves = new HashMap<>();
    private int number;

    void put(byte[] address, int bits, int zone) {
      Half at = this;
      for (int i = 0; i < bits; i++) {
        at = at.halves.computeIfAbsent(NetworkTree.bit(address, i), side -> new Half());
      }
      at.number = zone;
    }

    int build(NetworkTree.Builder builder, int above) {
      int own = number == 0 ? above : number;
      if (halves.isEmpty()) {
        return NetworkTree.Builder.leaf(own);
      }
      List<Integer> children = new ArrayList<>(2);
      for (int side = 0; side < 2; side++) {
        Half half = halves.get(side);
        children.add(half == null ? NetworkTree.Builder.leaf(own) : half.build(builder, own));
      }
      return builder.join(children.getFirst(), children.getLast());
    }
  }
}
