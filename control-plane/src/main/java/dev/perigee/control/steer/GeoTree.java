package dev.perigee.control.steer;

import com.maxmind.db.InvalidDatabaseException;
import com.maxmind.db.Metadata;
import com.maxmind.geoip2.exception.GeoIp2Exception;
import dev.perigee.contract.GeoFile;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All networks of a GeoIP file, each with the number of where it is. The file's own tree is walked
 * once, and each of its records read once, however many networks have it; networks of the same
 * place become one while walking, so that a file of millions of them needs no more than itself.
 *
 * @param version of the file; empty for none
 * @param places by number; 0 is unknown
 */
record GeoTree(String version, NetworkTree networks, List<Spot> places) {
  /** Knows no address. */
  static final GeoTree NONE = new GeoTree("", NetworkTree.of(0), List.of(Spot.UNKNOWN));

  /**
   * Where a network is.
   *
   * @param country ISO 3166-1 alpha-2; empty where unknown
   */
  record Spot(double latitude, double longitude, String country) {
    /** Nowhere. */
    static final Spot UNKNOWN = new Spot(Double.NaN, Double.NaN, "");

    static Spot of(GeoLocator.Location at) {
      return new Spot(at.latitude(), at.longitude(), at.country());
    }

    boolean isKnown() {
      return !Double.isNaN(latitude);
    }
  }

  /**
   * The networks of a file.
   *
   * @throws IOException when it cannot be read to its end
   */
  static GeoTree of(GeoFile file) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(file.size())];
    file.content().get(bytes);
    return new Walk(bytes).tree(file.version());
  }

  /** What this one says, and another one where this one knows nothing. */
  GeoTree before(GeoTree other) {
    List<Spot> all = new ArrayList<>(places);
    all.addAll(other.places);
    NetworkTree both =
        networks.with(
            other.networks,
            (ours, theirs) ->
                ours != 0 || theirs == 0 ? ours : Math.addExact(places.size(), theirs));
    return new GeoTree(version + "+" + other.version, both, List.copyOf(all));
  }

  /** One walk over a file: MaxMind DB format 2.0, section "Binary Search Tree". */
  private static final class Walk {
    private static final int IN_WORK = Integer.MIN_VALUE;
    private static final int IPV4_DEPTH = 96;

    private final byte[] bytes;
    private final GeoRecords records;
    private final int nodeCount;
    private final int recordBits;
    private final boolean six;

    /**
     * What each of the file's nodes became; 0 for not yet, else the child + 1 where not below 0.
     */
    private final int[] made;

    private final NetworkTree.Builder builder = new NetworkTree.Builder();
    private final Map<Integer, Integer> byPointer = new HashMap<>();
    private final Map<Spot, Integer> numbers = new HashMap<>();
    private final List<Spot> places = new ArrayList<>();

    Walk(byte[] bytes) throws IOException {
      this.bytes = bytes;
      this.records = GeoRecords.of(bytes);
      Metadata metadata = records.metadata();
      this.nodeCount = Math.toIntExact(metadata.nodeCount());
      this.recordBits = metadata.recordSize();
      this.six = metadata.ipVersion() == 6;
      boolean known = recordBits == 24 || recordBits == 28 || recordBits == 32;
      if (!known || (long) nodeCount * recordBits / 4 > bytes.length) {
        throw new InvalidDatabaseException("not a GeoIP file: a tree that it cannot hold");
      }
      this.made = new int[nodeCount];
      numbers.put(Spot.UNKNOWN, 0);
      places.add(Spot.UNKNOWN);
    }

    GeoTree tree(String version) throws IOException {
      int root4 = child(ipv4Start(), new byte[Integer.BYTES], 0);
      int root6 = six ? child(0, new byte[16], 0) : NetworkTree.Builder.leaf(0);
      return new GeoTree(version, builder.build(root4, root6), List.copyOf(places));
    }

    private long ipv4Start() {
      long at = 0;
      for (int i = 0; six && i < IPV4_DEPTH && at < nodeCount; i++) {
        at = record((int) at, 0);
      }
      return at;
    }

    /**
     * What becomes of a record: another node of the file, nothing, or a pointer to what is known.
     */
    private int child(long record, byte[] address, int depth) throws IOException {
      if (record == nodeCount) {
        return NetworkTree.Builder.leaf(0);
      }
      if (record > nodeCount) {
        return NetworkTree.Builder.leaf(place((int) (record - nodeCount), address));
      }
      int node = (int) record;
      int before = made[node];
      if (before != 0) {
        if (before == IN_WORK) {
          throw new InvalidDatabaseException("a network contains itself");
        }
        return before < 0 ? before : before - 1;
      }
      if (depth == Byte.SIZE * address.length) {
        throw new InvalidDatabaseException("a network is longer than an address");
      }
      made[node] = IN_WORK;
      int left = child(record(node, 0), address, depth + 1);
      int mask = 0x80 >> (depth & 7);
      address[depth >> 3] |= (byte) mask;
      int right = child(record(node, 1), address, depth + 1);
      address[depth >> 3] &= (byte) ~mask;
      int joined = builder.join(left, right);
      made[node] = joined < 0 ? joined : joined + 1;
      return joined;
    }

    private int place(int pointer, byte[] address) throws IOException {
      Integer known = byPointer.get(pointer);
      if (known != null) {
        return known;
      }
      try {
        Spot spot =
            records.find(InetAddress.getByAddress(address)).map(Spot::of).orElse(Spot.UNKNOWN);
        int number = numbers.computeIfAbsent(spot, any -> numbers.size());
        if (number == places.size()) {
          places.add(spot);
        }
        byPointer.put(pointer, number);
        return number;
      } catch (GeoIp2Exception | RuntimeException | StackOverflowError e) {
        throw new InvalidDatabaseException("a record cannot be read: " + e);
      }
    }

    private long record(int node, int side) {
      return switch (recordBits) {
        case 24 -> whole(6 * node + 3 * side, 3);
        case 32 -> whole(8 * node + 4 * side, 4);
        default -> {
          int at = 7 * node;
          int middle = bytes[at + 3] & 0xff;
          yield side == 0
              ? (long) (middle >> 4) << 24 | whole(at, 3)
              : (long) (middle & 0xf) << 24 | whole(at + 4, 3);
        }
      };
    }

    private long whole(int at, int length) {
      long value = 0;
      for (int i = 0; i < length; i++) {
        value = value << Byte.SIZE | (bytes[at + i] & 0xff);
      }
      return value;
    }
  }
}
