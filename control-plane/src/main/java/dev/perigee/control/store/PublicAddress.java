package dev.perigee.control.store;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * Decides whether an address is one of the public internet: IANA's special-purpose registries (RFC
 * 6890) and multicast are not, nor are the addresses in which an IPv4 address travels (RFC 6052,
 * RFC 3056, RFC 4380), as it may be a private one.
 */
final class PublicAddress {
  private static final List<Range> IPV4_NOT_PUBLIC =
      Stream.of(
              "0.0.0.0/8",
              "10.0.0.0/8",
              "100.64.0.0/10",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "172.16.0.0/12",
              "192.0.0.0/24",
              "192.0.2.0/24",
              "192.88.99.0/24",
              "192.168.0.0/16",
              "198.18.0.0/15",
              "198.51.100.0/24",
              "203.0.113.0/24",
              "224.0.0.0/4",
              "240.0.0.0/4")
          .map(Range::parse)
          .toList();

  /** Everything else, NAT64's 64:ff9b::/96 also, is for something else than public unicast. */
  private static final Range IPV6_UNICAST = Range.parse("2000::/3");

  private static final List<Range> IPV6_NOT_PUBLIC =
      Stream.of("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20").map(Range::parse).toList();

  private PublicAddress() {}

  /** Whether it is; an IPv4-mapped IPv6 address counts as the IPv4 address, as Java reads it so. */
  static boolean isPublic(InetAddress address) {
    byte[] bytes = address.getAddress();
    return address instanceof Inet4Address
        ? IPV4_NOT_PUBLIC.stream().noneMatch(range -> range.holds(bytes))
        : IPV6_UNICAST.holds(bytes) && IPV6_NOT_PUBLIC.stream().noneMatch(r -> r.holds(bytes));
  }

  private record Range(InetAddress first, int bits) {
    static Range parse(String text) {
      int slash = text.indexOf('/');
      InetAddress first = InetAddress.ofLiteral(text.substring(0, slash));
      return new Range(first, Integer.parseInt(text.substring(slash + 1)));
    }

    boolean holds(byte[] address) {
      byte[] wanted = first.getAddress();
      int whole = bits / 8;
      for (int i = 0; i < whole; i++) {
        if (address[i] != wanted[i]) {
          return false;
        }
      }
      int rest = 8 - bits % 8;
      return rest == 8 || (address[whole] & 0xff) >> rest == (wanted[whole] & 0xff) >> rest;
    }
  }
}
