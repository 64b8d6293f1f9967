package dev.perigee.edge.listener;

import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The addresses that have something open, each as the prefix that makes out one client. There are
 * never more of them than connections and requests, which are limited.
 */
final class VisitorTable {
  private static final int IPV4_OCTETS = 4;

  private final Map<Prefix, Visitor> visitors = new ConcurrentHashMap<>();
  private final int ipv4Bits;
  private final int ipv6Bits;

  VisitorTable(int ipv4Bits, int ipv6Bits) {
    this.ipv4Bits = ipv4Bits;
    this.ipv6Bits = ipv6Bits;
  }

  /** The leading bits of an address, the rest zero. */
  private record Prefix(boolean isIpv4, long high, long low) {
    static Prefix of(InetAddress address, int ipv4Bits, int ipv6Bits) {
      byte[] octets = address.getAddress();
      if (octets.length == IPV4_OCTETS) {
        return new Prefix(true, bits(octets, 0, IPV4_OCTETS) & mask(ipv4Bits, 0, 32), 0);
      }
      return new Prefix(
          false,
          bits(octets, 0, Long.BYTES) & mask(ipv6Bits, 0, Long.SIZE),
          bits(octets, Long.BYTES, Long.BYTES) & mask(ipv6Bits, Long.SIZE, Long.SIZE));
    }

    private static long bits(byte[] octets, int from, int count) {
      long bits = 0;
      for (int i = from; i < from + count; i++) {
        bits = (bits << Byte.SIZE) | (octets[i] & 0xff);
      }
      return bits;
    }

    /** Of the bits from one on, so many as belong to the prefix. */
    private static long mask(int prefix, int from, int width) {
      int ones = Math.clamp(prefix - from, 0, width);
      return ones == 0 ? 0 : -1L << (width - ones);
    }
  }

  /** Who has this address; to be {@link #leave left} once. */
  Visit enter(InetAddress address) {
    Prefix prefix = Prefix.of(address, ipv4Bits, ipv6Bits);
    while (true) {
      Visitor visitor = visitors.computeIfAbsent(prefix, unknown -> new Visitor());
      if (visitor.hold()) {
        return new Visit(visitor, () -> leave(prefix, visitor));
      }
      visitors.remove(prefix, visitor);
    }
  }

  /**
   * One hold of a visitor.
   *
   * @param end to be run once
   */
  record Visit(Visitor visitor, Runnable end) {}

  private void leave(Prefix prefix, Visitor visitor) {
    if (visitor.letGo()) {
      visitors.remove(prefix, visitor);
    }
  }

  /** Who has this address, where it has something open. */
  Optional<Visitor> find(InetAddress address) {
    return Optional.ofNullable(visitors.get(Prefix.of(address, ipv4Bits, ipv6Bits)));
  }

  int size() {
    return visitors.size();
  }
}
