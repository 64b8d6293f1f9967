package dev.perigee.edge.limit;

/** Which client an address counts as: an IPv4 address whole, an IPv6 address by its first bits. */
final class AddressBits {
  private static final int GROUPS = 8;

  private AddressBits() {}

  /**
   * A number that clients who count as one have in common; of what is no address, some number. An
   * IPv4 address within IPv6 ({@code ::ffff:192.0.2.1}) is that IPv4 address. Makes no object.
   *
   * @param prefix bits of IPv6 that count, 64 at most
   */
  static long of(String address, int prefix) {
    if (address.indexOf(':') < 0) {
      return ipv4(address, 0);
    }
    int lastColon = address.lastIndexOf(':');
    boolean mapped = address.indexOf('.') > lastColon;
    if (mapped) {
      return ipv4(address, lastColon + 1);
    }
    return upper(address) & -1L << (64 - prefix);
  }

  private static long ipv4(String address, int from) {
    long bits = 0;
    long part = 0;
    for (int i = from; i < address.length(); i++) {
      char c = address.charAt(i);
      if (c == '.') {
        bits = bits << 8 | part;
        part = 0;
      } else {
        part = part * 10 + (c - '0') & 0xff;
      }
    }
    // Set apart from IPv6, whose addresses begin with 001 where they are of anybody.
    return 0xffffL << 32 | bits << 8 | part;
  }

  /** The first four groups of an IPv6 address as text, with or without {@code ::}. */
  private static long upper(String address) {
    long before = 0;
    int groupsBefore = 0;
    int groupsBehind = 0;
    boolean gap = false;
    int length = address.length();
    for (int at = 0; at < length && address.charAt(at) != '%'; ) {
      if (address.charAt(at) == ':') {
        gap |= at + 1 < length && address.charAt(at + 1) == ':';
        at++;
        continue;
      }
      long group = 0;
      for (; at < length && address.charAt(at) != ':' && address.charAt(at) != '%'; at++) {
        group = group << 4 | digit(address, at);
      }
      if (!gap) {
        before = groupsBefore < GROUPS / 2 ? before << 16 | group : before;
        groupsBefore++;
      } else {
        groupsBehind++;
      }
    }
    int known = Math.min(groupsBefore, GROUPS / 2);
    long upper = known == 0 ? 0 : before << (16 * (GROUPS / 2 - known));
    // What stands behind the gap reaches into the upper half only where it is more than four.
    return groupsBehind > GROUPS / 2 ? upper | reaching(address, groupsBehind) : upper;
  }

  /** Of more than four groups behind the gap those that belong to the upper half. */
  private static long reaching(String address, int groupsBehind) {
    long bits = 0;
    int at = address.indexOf("::") + 2;
    for (int left = groupsBehind; left > GROUPS / 2; left--) {
      long group = 0;
      for (; at < address.length() && address.charAt(at) != ':'; at++) {
        group = group << 4 | digit(address, at);
      }
      at++;
      bits = bits << 16 | group;
    }
    return bits;
  }

  private static int digit(String address, int at) {
    return Character.digit(address.charAt(at), 16) & 0xf;
  }
}
