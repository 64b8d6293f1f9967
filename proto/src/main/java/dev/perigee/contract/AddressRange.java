package dev.perigee.contract;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A range of addresses as operators write it, {@code 10.0.0.0/8} or {@code 2001:db8::/32} (RFC
 * 4632, section 3.1; RFC 4291, section 2.3); one address is a range too.
 *
 * @param first the address whose first bits all of the range share
 * @param bits how many
 */
public record AddressRange(InetAddress first, int bits) {
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,42}");

  /** Refuses a range with bits that the address has not. */
  public AddressRange {
    if (bits < 0 || bits > first.getAddress().length * Byte.SIZE) {
      throw new IllegalArgumentException("no such range: " + first.getHostAddress() + "/" + bits);
    }
  }

  /**
   * An address as text: four decimal numbers without leading zeros, or IPv6 without a zone; an
   * IPv4-mapped one counts as IPv4. Names are nothing here, so nothing is looked up.
   */
  public static Optional<InetAddress> address(String text) {
    if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The range, or empty where it is none or names bits beyond its length. */
  public static Optional<AddressRange> parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return address(text).map(one -> new AddressRange(one, one.getAddress().length * Byte.SIZE));
    }
    String length = text.substring(slash + 1);
    Optional<InetAddress> first = address(text.substring(0, slash));
    if (first.isEmpty() || !length.matches("0|[1-9][0-9]{0,2}")) {
      return Optional.empty();
    }
    int bits = Integer.parseInt(length);
    if (bits > first.get().getAddress().length * Byte.SIZE) {
      return Optional.empty();
    }
    AddressRange range = new AddressRange(first.get(), bits);
    return range.isExact() ? Optional.of(range) : Optional.empty();
  }

  /**
   * The range.
   *
   * @throws IllegalArgumentException with a sentence where it is none
   */
  public static AddressRange of(String text) {
    return parse(text.strip())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'" + text + "' is no range such as 10.0.0.0/8 or fd00:1::/32."));
  }

  /** Whether the address lies in the range; one of the other version never does. */
  public boolean holds(InetAddress address) {
    byte[] wanted = first.getAddress();
    byte[] given = address.getAddress();
    if (wanted.length != given.length) {
      return false;
    }
    int whole = bits / Byte.SIZE;
    if (!Arrays.equals(wanted, 0, whole, given, 0, whole)) {
      return false;
    }
    int rest = Byte.SIZE - bits % Byte.SIZE;
    return rest == Byte.SIZE || (wanted[whole] & 0xff) >> rest == (given[whole] & 0xff) >> rest;
  }

  /** Whether the bits beyond the length are zero: others are a slip. */
  private boolean isExact() {
    byte[] octets = first.getAddress();
    for (int bit = bits; bit < octets.length * Byte.SIZE; bit++) {
      if ((octets[bit / Byte.SIZE] & (0x80 >> bit % Byte.SIZE)) != 0) {
        return false;
      }
    }
    return true;
  }

  /** As text, IPv6 shortened (RFC 5952, section 4). */
  public static String text(InetAddress address) {
    return address instanceof Inet4Address
        ? address.getHostAddress()
        : shortened(address.getAddress());
  }

  private static String shortened(byte[] octets) {
    int[] groups = new int[octets.length / 2];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (octets[2 * i] & 0xff) << Byte.SIZE | (octets[2 * i + 1] & 0xff);
    }
    int start = -1;
    int longest = 1;
    for (int i = 0; i < groups.length; i++) {
      int end = i;
      while (end < groups.length && groups[end] == 0) {
        end++;
      }
      if (end - i > longest) {
        start = i;
        longest = end - i;
      }
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      if (i == start) {
        out.append("::");
        i += longest - 1;
      } else {
        boolean divided = out.isEmpty() || out.charAt(out.length() - 1) == ':';
        out.append(divided ? "" : ":").append(Integer.toHexString(groups[i]));
      }
    }
    return out.toString();
  }

  @Override
  public String toString() {
    return text(first) + "/" + bits;
  }
}
