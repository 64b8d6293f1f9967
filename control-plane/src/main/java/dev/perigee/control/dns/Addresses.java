package dev.perigee.control.dns;

import java.net.InetAddress;
import java.util.List;

/** Addresses in the form of records, by family. */
final class Addresses {
  /** None. */
  static final Addresses NONE = new Addresses(List.of());

  private final byte[][] v4;
  private final byte[][] v6;

  Addresses(List<InetAddress> addresses) {
    v4 = ofLength(addresses, 4);
    v6 = ofLength(addresses, 16);
  }

  private static byte[][] ofLength(List<InetAddress> addresses, int bytes) {
    return addresses.stream()
        .map(InetAddress::getAddress)
        .filter(address -> address.length == bytes)
        .toArray(byte[][]::new);
  }

  /** Those of A or AAAA; the arrays are not to be changed. */
  byte[][] of(int type) {
    return type == RecordType.A ? v4 : v6;
  }
}
