package dev.perigee.contract;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Decides which addresses origins may have: those of the public internet, and what the operator
 * allows on top. A site's owner names hosts, and whoever runs the name's DNS decides where it
 * leads, so this is asked for every address before every connection.
 *
 * <p>Not public are IANA's special-purpose registries (RFC 6890), and where an IPv6 address carries
 * an IPv4 address (RFC 6052, RFC 3056) that one decides. Addresses at which clouds hand out
 * credentials are apart: whoever allows all private ones has not allowed those.
 *
 * @param allowed the ranges that the operator names; they win over everything but multicast
 * @param privateToo whether all private ranges are allowed
 */
public record OriginAddressPolicy(List<AddressRange> allowed, boolean privateToo) {
  /** The public internet only. */
  public static final OriginAddressPolicy PUBLIC = new OriginAddressPolicy(List.of(), false);

  /** Loopback, link-local and what organisations number their own networks with. */
  private static final List<AddressRange> PRIVATE =
      ranges(
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.168.0.0/16",
          "::1/128",
          "fc00::/7",
          "fe80::/10",
          "fec0::/10");

  /** Metadata services of clouds: AWS, Google, Azure, Alibaba, Oracle. */
  private static final List<AddressRange> METADATA =
      ranges(
          "169.254.169.254/32",
          "169.254.170.2/32",
          "100.100.100.200/32",
          "168.63.129.16/32",
          "192.0.0.192/32",
          "fd00:ec2::254/128",
          "fd20:ce::254/128");

  /** Documentation, benchmarks, protocols, old relays, and what nobody has yet. */
  private static final List<AddressRange> SPECIAL =
      ranges(
          "0.0.0.0/8",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.88.99.0/24",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "240.0.0.0/4",
          "2001::/23",
          "2001:db8::/32",
          "3fff::/20");

  private static final AddressRange UNICAST_6 = range("2000::/3");
  private static final AddressRange NAT64 = range("64:ff9b::/96");
  private static final AddressRange SIX_TO_FOUR = range("2002::/16");

  /** Bytes of an IPv4 address. */
  private static final int IPV4_BYTES = 4;

  /** Copies the list. */
  public OriginAddressPolicy {
    allowed = List.copyOf(allowed);
  }

  /** Whether a node may connect to this address for an origin. */
  public boolean allows(InetAddress address) {
    if (address.isMulticastAddress() || address.isAnyLocalAddress() || isBroadcast(address)) {
      return false;
    }
    if (holds(allowed, address)) {
      return true;
    }
    Optional<InetAddress> carried = carried(address);
    if (carried.isPresent()) {
      return allows(carried.get());
    }
    if (holds(METADATA, address)) {
      return false;
    }
    if (holds(PRIVATE, address)) {
      return privateToo;
    }
    boolean unicast = address instanceof Inet4Address || UNICAST_6.holds(address);
    return unicast && !holds(SPECIAL, address);
  }

  /** The IPv4 address that packets to this one end at; Java reads IPv4-mapped ones as IPv4. */
  private static Optional<InetAddress> carried(InetAddress address) {
    byte[] octets = address.getAddress();
    int at =
        NAT64.holds(address) ? octets.length - IPV4_BYTES : SIX_TO_FOUR.holds(address) ? 2 : -1;
    if (at < 0) {
      return Optional.empty();
    }
    String text =
        "%d.%d.%d.%d"
            .formatted(
                octets[at] & 0xff,
                octets[at + 1] & 0xff,
                octets[at + 2] & 0xff,
                octets[at + 3] & 0xff);
    return Optional.of(InetAddress.ofLiteral(text));
  }

  private static boolean isBroadcast(InetAddress address) {
    byte[] all = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff};
    return Arrays.equals(address.getAddress(), all);
  }

  private static boolean holds(List<AddressRange> ranges, InetAddress address) {
    for (AddressRange range : ranges) {
      if (range.holds(address)) {
        return true;
      }
    }
    return false;
  }

  private static List<AddressRange> ranges(String... texts) {
    return Stream.of(texts).map(OriginAddressPolicy::range).toList();
  }

  private static AddressRange range(String text) {
    return AddressRange.parse(text).orElseThrow();
  }
}
