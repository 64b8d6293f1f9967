package dev.perigee.edge.listener;

import dev.perigee.contract.AddressRange;
import java.net.InetAddress;
import java.util.Optional;

/** An address as proxies write it into a field: with or without brackets and port. */
final class NodeAddress {
  private NodeAddress() {}

  /**
   * The address of {@code 192.0.2.1}, {@code 192.0.2.1:80}, {@code [2001:db8::1]}, {@code
   * [2001:db8::1]:80} or, where {@code bare} allows it, {@code 2001:db8::1}; empty for anything
   * else.
   */
  static Optional<InetAddress> parse(String text, boolean bare) {
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      boolean sound = end > 0 && isPort(text.substring(end + 1));
      return sound
          ? AddressRange.address(text.substring(1, end)).filter(a -> text.indexOf(':') < end)
          : Optional.empty();
    }
    int colon = text.indexOf(':');
    if (colon >= 0 && colon == text.lastIndexOf(':')) {
      return isPort(text.substring(colon))
          ? AddressRange.address(text.substring(0, colon))
          : Optional.empty();
    }
    return colon < 0 || bare ? AddressRange.address(text) : Optional.empty();
  }

  /** Nothing, or a colon and one to five digits. */
  private static boolean isPort(String text) {
    return text.isEmpty() || text.matches(":[0-9]{1,5}");
  }
}
