package dev.perigee.edge.listener;

import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The addresses that have something open, each as the prefix that makes out one client. There are
 * never more of them than connections and requests, which are limited. Where addresses have a
 * bandwidth, one that has nothing open is known until it would have its burst back: whoever closes
 * a connection and opens another would have a new one else.
 */
final class VisitorTable {
  private static final int IPV4_OCTETS = 4;

  private final Map<Prefix, Visitor> visitors = new ConcurrentHashMap<>();
  private final int ipv4Bits;
  private final int ipv6Bits;
  private final Supplier<Visitor> fresh;
  private final Later later;

  /** A table of addresses that have any bandwidth. */
  VisitorTable(int ipv4Bits, int ipv6Bits) {
    this(ipv4Bits, ipv6Bits, () -> new Visitor(Optional.empty()), (task, nanos) -> task.run());
  }

  /**
   * An empty table.
   *
   * @param fresh makes one that has nothing open
   * @param later runs what is to be run then
   */
  VisitorTable(int ipv4Bits, int ipv6Bits, Supplier<Visitor> fresh, Later later) {
    this.ipv4Bits = ipv4Bits;
    this.ipv6Bits = ipv6Bits;
    this.fresh = fresh;
    this.later = later;
  }

  /** A clock with tasks. */
  interface Later {
    void run(Runnable task, long nanos);
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
      Visitor visitor = visitors.computeIfAbsent(prefix, unknown -> fresh.get());
      if (visitor.hold()) {
        return new Visit(visitor, () -> leaveInTime(prefix, visitor));
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

  private void leaveInTime(Prefix prefix, Visitor visitor) {
    long nanos = visitor.untilIdle();
    if (nanos > 0) {
      later.run(() -> leave(prefix, visitor), nanos);
    } else {
      leave(prefix, visitor);
    }
  }

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
