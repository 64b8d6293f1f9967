package dev.perigee.control.dns;

/** A name in wire form that answers speak of, and how much of it is its own below the zone. */
final class ZoneName {
  private final byte[] wire;
  private final int ownBytes;

  /**
   * @param host normalised
   * @param zone normalised
   */
  ZoneName(String host, String zone) {
    wire = Wire.name(host);
    boolean below = host.equals(zone) || host.endsWith("." + zone);
    ownBytes = below ? wire.length - Wire.name(zone).length : -1;
  }

  /** The whole name; not to be changed. */
  byte[] wire() {
    return wire;
  }

  boolean isInZone() {
    return ownBytes >= 0;
  }

  /** Bytes before the zone's own name. */
  int ownBytes() {
    return ownBytes;
  }
}
