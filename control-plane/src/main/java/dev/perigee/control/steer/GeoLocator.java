package dev.perigee.control.steer;

import java.net.InetAddress;
import java.util.Optional;

/** Where an address is on the globe. Never blocks. */
public interface GeoLocator {
  /** The place of the address; empty where it is unknown. */
  Optional<Location> locate(InetAddress address);

  /** A locator that knows no address. */
  static GeoLocator unknown() {
    return address -> Optional.empty();
  }

  /**
   * A place, in degrees.
   *
   * @param country ISO 3166-1 alpha-2; empty where unknown
   * @param prefixLength bits of the address, in its own family, for which the answer holds
   */
  record Location(double latitude, double longitude, String country, int prefixLength) {
    /** The same for a network that is no larger than another. */
    Location within(int otherPrefixLength) {
      return new Location(latitude, longitude, country, Math.max(prefixLength, otherPrefixLength));
    }
  }
}
